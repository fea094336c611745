import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { type ContextImage, readContextAnnotations } from '../../datasets/convert/pascalContext.ts';
import { byCodeUnits } from '../../datasets/pairs.ts';
import { type Console, makeConsole } from '../console.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { addConversionFlags, conversionMode, type ConversionFlags } from './flags.ts';
import { report } from './report.ts';
import { runTasks } from '../../datasets/convert/runTasks.ts';

/** Steps of the bar while the annotations are read. */
const STEPS = 10;

/** Adds `rfclip convert pascal-context`. */
export function addContextCommand(convert: Command): void {
  addConversionFlags(
    convert
      .command('pascal-context')
      .description(
        'annotations of PASCAL in Detail (trainval_merged.json) to label maps of 59 classes, and the split files',
      )
      .argument('<annotations>', 'trainval_merged.json'),
  )
    .option('--split <name>', 'only the images of this split: train or val')
    .addHelpText(
      'after',
      '\nExample:\n  rfclip convert pascal-context trainval_merged.json -o VOCdevkit/VOC2010\nWrites ' +
        'SegmentationClassContext/ID.png and ImageSets/SegmentationContext/SPLIT.txt below the output folder.',
    )
    .action(async (annotations: string, flags: ConversionFlags & { split?: string }, command: Command) => {
      if (flags.split !== undefined && flags.split !== 'train' && flags.split !== 'val')
        command.error(`error: option '--split <name>' argument '${flags.split}' is invalid. Expected train or val.`);
      process.exitCode = await convertContext(annotations, flags);
    });
}

async function convertContext(annotations: string, flags: ConversionFlags & { split?: string }): Promise<0 | 1> {
  const mode = conversionMode(flags);
  const console = makeConsole({ json: flags.json === true });
  const images = (await readWithProgress(annotations, console)).filter(
    ({ split }) => flags.split === undefined || split === flags.split,
  );
  if (mode !== 'check') makeOutputFolder(flags.out);
  const tasks = images.map((image) => ({
    kind: 'context' as const,
    image,
    source: annotations,
    target: join(flags.out, 'SegmentationClassContext', `${image.id}.png`),
  }));
  const summary = await runTasks(tasks, mode, { threads: flags.threads, reporter: console });
  for (const split of ['train', 'val'] as const) {
    const ids = images.filter((image) => image.split === split).map(({ id }) => id);
    if (ids.length === 0) continue;
    const path = join(flags.out, 'ImageSets', 'SegmentationContext', `${split}.txt`);
    const text = `${ids.sort(byCodeUnits).join('\n')}\n`;
    if (mode !== 'check') await writeText(path, text);
    else if ((await readFile(path, 'utf8').catch(() => undefined)) !== text) {
      summary.counts.wrong++;
      summary.problems.unshift(`${path} is missing or does not name the ${ids.length} images of the split ${split}`);
    }
  }
  return report(summary, mode, flags.out, console);
}

async function readWithProgress(annotations: string, console: Console): Promise<ContextImage[]> {
  const progress = console.progress('reading annotations', STEPS);
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
