import Table from 'cli-table3';
import type { Command } from 'commander';
import { readImage } from '../clip/image/readImage.ts';
import { addConfusion, type Confusion, countPixels, emptyConfusion } from '../datasets/confusion.ts';
import { checkSameSize, readGroundTruth } from '../datasets/labels.ts';
import { areasOf, asPercent, metricsOf } from '../datasets/metrics.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { SAMPLE_FOLDER } from '../datasets/sampleFolder.ts';
import { listVocFolder } from '../datasets/vocFolder.ts';
import { RfclipError } from '../engine/errors.ts';
import { ABLATION_ROWS, ablationEncoder } from '../rfclip/ablation.ts';
import type { ClassList } from '../rfclip/classes.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import { DEFAULT_SETTINGS, type Settings } from '../rfclip/settings.ts';
import { makeConsole } from './console.ts';
import { forEachImage } from './forEachImage.ts';
import { openDevice, openModel, readClasses, wholeNumber } from './sharedOptions.ts';

interface AblateFlags {
  data?: string;
  classes?: string;
  classesFile?: string;
  checkpoint?: string;
  adapter?: string;
  limit?: number;
  whole?: boolean;
  resize: number;
  json?: boolean;
}

/** Adds `rfclip ablate`. */
export function addAblateCommand(program: Command): void {
  program
    .command('ablate')
    .description("the paper's ablation: which part of RF-CLIP does what, over a labelled folder or over images")
    .argument('[image...]', 'images without labels, compared with the first row; needs --classes or --classes-file')
    .option('--data <folder>', 'folder in PASCAL VOC layout with a classes.txt (default: the sample set)')
    .option('--classes <list>', 'for images: class names; commas separate classes, semicolons synonyms')
    .option('--classes-file <file>', 'for images: one class per line, synonyms separated by ", "')
    .option('--checkpoint <file>', 'CLIP ViT weights (default: the embedded microclip)')
    .option('--adapter <name>', 'part of the name of the GPU adapter to use')
    .option('--limit <count>', 'only the first images', wholeNumber(1))
    .option('--whole', 'take every image as one window')
    .option(
      '--resize <pixels>',
      'resize the short side to this before the network',
      wholeNumber(16),
      DEFAULT_SETTINGS.resize[1],
    )
    .option('--json', 'print one JSON document and nothing else')
    .action(async (images: string[], flags: AblateFlags) => {
      process.exitCode = await ablate(images, flags);
    });
}

/** What a row has gathered. */
interface RowRun {
  name: string;
  segmenter: SegmentationPipeline;
  confusion: Confusion;
  milliseconds: number;
  equal: number;
}

async function ablate(images: string[], flags: AblateFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const { classes, pairs } = listInput(images, flags);
  const chosen = pairs.slice(0, flags.limit);
  const device = await openDevice(flags);
  try {
    const model = await openModel(device, flags);
    const dimensions = model.distractionDimensions;
    if (dimensions === undefined)
      throw new RfclipError(
        `checkpoint ${model.file.path} has no known distraction dimensions, which the ablation is about`,
        { code: 'RFCLIP-NOT-CALIBRATED' },
      );
    const textFeatures = await model.encodeWords(classes.queries);
    const settings: Settings = {
      ...structuredClone(DEFAULT_SETTINGS),
      resize: [DEFAULT_SETTINGS.resize[0], flags.resize],
      ...(flags.whole === true ? { window: 0 } : {}),
    };
    const runs = ABLATION_ROWS.map((row): RowRun => {
      const segmenter = new SegmentationPipeline({
        encoder: model.imageEncoder,
        method: ablationEncoder(row, dimensions),
        classes,
        textFeatures,
        settings,
      });
      return {
        name: row.name,
        segmenter,
        confusion: emptyConfusion(classes.classes.length),
        milliseconds: 0,
        equal: 0,
      };
    });
    let pixels = 0;
    const labelOf = new Map(chosen.map(({ image, label }) => [image, label]));
    const failures = await forEachImage(
      chosen.map(({ image }) => image),
      console,
      async (path) => {
        pixels += await runRows(runs, path, labelOf.get(path));
        return `${runs.length} rows`;
      },
    );
    const labelled = chosen.some(({ label }) => label !== '');
    const rows = runs.map(({ name, confusion, milliseconds, equal }) => {
      const { mIoU, aAcc } = metricsOf(areasOf(confusion));
      return {
        name,
        ...(labelled ? { mIoU, aAcc } : {}),
        agreement: equal / Math.max(1, pixels),
        milliseconds: milliseconds / Math.max(1, chosen.length),
      };
    });
    const table = new Table({
      head: ['configuration', ...(labelled ? ['mIoU', 'aAcc'] : []), 'same as row 1', 'ms/image'],
      colAligns: ['left', 'right', 'right', 'right', 'right'],
      style: { head: [], border: [], compact: true },
    });
    for (const row of rows)
      table.push([
        row.name,
        ...(labelled ? [asPercent(row.mIoU ?? null), asPercent(row.aAcc ?? null)] : []),
        asPercent(row.agreement),
        row.milliseconds.toFixed(0),
      ]);
    console.result(table.toString());
    console.result(
      `${chosen.length - failures.length} images, ${classes.classes.length} classes, checkpoint ${model.file.path}, ` +
        `adapter ${device.name}; percent`,
    );
    if (rows.every(({ agreement }) => agreement === 1)) {
      console.result(
        'No row changes a pixel: this checkpoint has no distraction token above 5/d in these images, so there is ' +
          'nothing to suppress.',
      );
    }
    console.json({ rows, images: chosen.length, failures, checkpoint: model.file.path, adapter: device.name });
    model.close();
    return failures.length > 0 ? 1 : 0;
  } finally {
    device.destroy();
  }
}

function listInput(images: string[], flags: AblateFlags): { classes: ClassList; pairs: ImagePair[] } {
  if (images.length === 0) return listVocFolder(flags.data ?? SAMPLE_FOLDER);
  return { classes: readClasses(flags), pairs: images.map((image) => ({ id: image, image, label: '' })) };
}

/** Runs all rows on one image; returns its number of pixels. */
async function runRows(runs: RowRun[], path: string, label: string | undefined): Promise<number> {
  const image = await readImage(path);
  const input = prepareImage(image, runs[0].segmenter.settings.resize);
  const truth =
    label === undefined || label === '' ? undefined : await readGroundTruth(label, { reduceZeroLabel: false });
  if (truth !== undefined)
    checkSameSize(
      { name: path, width: image.width, height: image.height },
      { name: label!, width: truth.width, height: truth.height },
    );
  let first: Uint16Array | undefined;
  for (const run of runs) {
    const started = performance.now();
    const { labels } = await run.segmenter.segment(input, image.height, image.width);
    run.milliseconds += performance.now() - started;
    first ??= labels;
    run.equal += labels.reduce((count, value, i) => count + (value === first![i] ? 1 : 0), 0);
    if (truth !== undefined) {
      const confusion = emptyConfusion(run.confusion.classes);
      countPixels(confusion, labels, truth.data);
      addConfusion(run.confusion, confusion);
    }
  }
  return image.width * image.height;
}
