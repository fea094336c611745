import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import type { Reporter } from '../../system/reporter.ts';
import { byCodeUnits } from '../pairs.ts';
import { type ContextImage, readContextAnnotations } from './pascalContext.ts';
import { type ConversionOptions, type ConversionSummary, runTasks } from './runTasks.ts';

/** The parts of PASCAL Context. */
export type ContextSplit = 'train' | 'val';

/** Steps of the bar while the annotations are read. */
const STEPS = 10;

/**
 * Draws the label maps of PASCAL Context's 59 classes from the annotations of PASCAL in Detail, and writes the split
 * files: `SegmentationClassContext/ID.png` and `ImageSets/SegmentationContext/SPLIT.txt` below `out`.
 *
 * @param annotations path of `trainval_merged.json`
 * @param options.split only the images of this part; default: both
 * @throws DatasetError for annotations that cannot be used; OverwriteError for a split file that holds something else;
 *   RfclipError if `out` cannot be used; OutputError
 */
export async function convertContext(
  annotations: string,
  out: string,
  options: ConversionOptions & { split?: ContextSplit },
): Promise<ConversionSummary> {
  const { split, mode, reporter, overwrite } = options;
  const images = (await readWithProgress(annotations, reporter)).filter(
    (image) => split === undefined || image.split === split,
  );
  if (mode !== 'check') makeOutputFolder(out);
  const tasks = images.map((image) => ({
    kind: 'context' as const,
    image,
    source: annotations,
    target: join(out, 'SegmentationClassContext', `${image.id}.png`),
  }));
  const lists = await splitLists(images, out);
  if (mode !== 'check')
    checkOutputs({
      files: lists.flatMap(({ path, found }) => (found ? [] : [path])),
      inputs: [annotations],
      overwrite,
    });
  const summary = await runTasks(tasks, options);
  for (const { path, text, ids, part, found } of lists) {
    if (found) continue;
    if (mode !== 'check') await writeText(path, text);
    else {
      summary.counts.wrong++;
      summary.problems.unshift(`${path} is missing or does not name the ${ids.length} images of the split ${part}`);
    }
  }
  return summary;
}

/** The split files, and whether each is there with what it is to hold. */
async function splitLists(images: readonly ContextImage[], out: string) {
  const lists = [];
  for (const part of ['train', 'val'] as const) {
    const ids = images.filter((image) => image.split === part).map(({ id }) => id);
    if (ids.length === 0) continue;
    const path = join(out, 'ImageSets', 'SegmentationContext', `${part}.txt`);
    const text = `${ids.sort(byCodeUnits).join('\n')}\n`;
    lists.push({ part, ids, path, text, found: (await readFile(path, 'utf8').catch(() => undefined)) === text });
  }
  return lists;
}

async function readWithProgress(annotations: string, reporter: Reporter): Promise<ContextImage[]> {
  const progress = reporter.progress('reading annotations', STEPS);
  let step = 0;
  try {
    return await readContextAnnotations(annotations, (read, total) => {
      for (; step < Math.floor((STEPS * read) / total); step++)
        progress.step(`${(read / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB of annotations`);
    });
  } finally {
    progress.stop();
  }
}

async function writeText(path: string, text: string): Promise<void> {
  makeOutputFolder(dirname(path));
  await atomicWrite(path, text);
}
