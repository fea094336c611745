import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { addConfusion, type Confusion } from '../datasets/confusion.ts';
import { areasOf, asPercent, metricsOf } from '../datasets/metrics.ts';
import { compareWith } from './compareMethods.ts';
import type { Model } from '../library/model.ts';
import type { SegmentationResult } from '../library/segmentationResult.ts';
import { makeConsole } from './console.ts';
import { compareWithMask } from '../datasets/maskBeside.ts';
import { packageRoot } from '../system/packageRoot.ts';
import { segmentFiles } from './segmentFiles.ts';
import { chosenNetwork, prepareOutputs } from './segmentRun.ts';
import { addNetworkFlags, type NetworkFlags, openDevice, openLibraryModel, readClassesFile } from './sharedOptions.ts';
import { exitCodeOfImages } from './failure.ts';
import { noteToy } from './toyNotes.ts';
import { RequestError } from '../system/requestError.ts';

/** What `segment` takes and the demo does not, as its masks count on its classes. */
const WITH_BACKGROUND = ['--background', '--threshold'];

interface DemoFlags extends NetworkFlags {
  out: string;
}

/** Adds `rfclip demo`. */
export function addDemoCommand(program: Command): void {
  const command = program
    .command('demo')
    .description('segment the example images and compare them with their masks')
    .option('--out <folder>', 'where the pictures go', 'out/demo');
  addNetworkFlags(command);
  // Taken only to be refused by name.
  for (const option of command.options) if (WITH_BACKGROUND.includes(option.long ?? '')) option.hideHelp();
  command.action(async (flags: DemoFlags) => {
    process.exitCode = await demo(flags);
  });
}

async function demo(flags: DemoFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  for (const flag of ['background', 'threshold'] as const)
    if (flags[flag] !== undefined)
      throw new RequestError(
        `--${flag} was given, but the classes of the demo are fixed, as their masks count on`,
        `--${flag}`,
        'segment takes it',
      );
  const started = performance.now();
  const examples = join(packageRoot(), 'examples');
  const scenes = readdirSync(join(examples, 'scenes'))
    .filter((name) => name.endsWith('.jpg'))
    .map((name) => join(examples, 'scenes', name));
  const photos = readdirSync(join(examples, 'photos'))
    .filter((name) => /\.(png|jpg)$/.test(name))
    .map((name) => join(examples, 'photos', name));
  const classesFile = join(examples, 'classes.txt');
  const classes = readClassesFile(classesFile);
  const images = [...scenes, ...photos].map((path) => relative(process.cwd(), path));
  const { out, overwrite, maxMegapixels } = flags;
  const { method, settings, settingsOf } = await chosenNetwork(flags);
  prepareOutputs(images, flags);

  const device = await openDevice(flags);
  let model: Model | undefined;
  try {
    if (method === undefined) {
      return await compareWith(device, flags, { classes, settingsOf, images, masks: true, console });
    }
    model = await openLibraryModel(device, flags);
    const loaded = performance.now();
    const segmenter = await model.segmenter(classes, { method, ...settings });
    noteToy(segmenter.notices, images, console);
    const encoded = performance.now();
    const table = new Table({
      head: ['image', 'class', 'share', 'IoU'],
      colAligns: ['left', 'left', 'right', 'right'],
      style: { head: [], border: [], compact: true },
    });
    let total: Confusion | undefined;
    const names = classes.classes.map((entry) => entry.name);
    const { reports, failures } = await segmentFiles({
      segmenter,
      images,
      maxMegapixels,
      out,
      overwrite,
      console,
      visit: async (result) => {
        const prediction = { labels: result.labels.data, width: result.width, height: result.height };
        const confusion = await compareWithMask(result.name, prediction, classes.classes.length);
        if (confusion !== undefined && total !== undefined) addConfusion(total, confusion);
        else total ??= confusion === undefined ? undefined : { ...confusion, counts: confusion.counts.slice() };
        addRows(table, result, confusion, names);
      },
    });
    const finished = performance.now();
    console.result(table.toString());
    if (total !== undefined)
      console.result(
        `mIoU over all classes that occur in the scenes or are predicted there: ` +
          `${asPercent(metricsOf(areasOf(total)).mIoU)} %`,
      );
    console.result(
      `time: ${seconds(loaded - started)} load, ${seconds(encoded - loaded)} text (${classes.queries.length} class ` +
        `words x 80 prompts), ${seconds(finished - encoded)} images (${images.length}); of these ` +
        `${seconds(device.pipelines.compileMilliseconds)} creating pipelines`,
    );
    console.result(
      `method ${method.name}, checkpoint ${relative(process.cwd(), model.checkpoint)}, adapter ${device.name}, ` +
        model.precision,
    );
    console.result(
      `pictures: ${relative(process.cwd(), flags.out) || '.'}/*.overlay.png (colours and legend), *.label.png ` +
        `(class indices), *.json`,
    );
    console.json({ results: reports, failures });
    return exitCodeOfImages(failures.length, reports.length);
  } finally {
    model?.close();
    device.destroy();
  }
}

/** The classes that cover at least 2 % of the image, and all that the mask has, missed ones included. */
function addRows(
  table: Table.Table,
  result: SegmentationResult,
  confusion: Confusion | undefined,
  names: readonly string[],
): void {
  const found = new Map(result.classes.map(({ label, share }) => [label, share]));
  const areas = confusion === undefined ? undefined : areasOf(confusion);
  const iou = areas === undefined ? undefined : metricsOf(areas).iou;
  const inMask = (label: number) => areas !== undefined && areas.label[label] > 0;
  const shown = [...names.keys()]
    .filter((label) => inMask(label) || (found.get(label) ?? 0) >= 0.02)
    .sort((a, b) => (found.get(b) ?? 0) - (found.get(a) ?? 0));
  shown.forEach((label, row) => {
    const overlap = iou === undefined ? '-' : inMask(label) ? `${asPercent(iou[label])} %` : 'not there';
    table.push([
      row === 0 ? result.name : '',
      names[label],
      `${(100 * (found.get(label) ?? 0)).toFixed(1)} %`,
      overlap,
    ]);
  });
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
