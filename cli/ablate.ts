import Table from 'cli-table3';
import type { Command } from 'commander';
import { asPercent } from '../datasets/metrics.ts';
import type { ImagePair } from '../datasets/pairs.ts';
import { SAMPLE_FOLDER } from '../datasets/sampleFolder.ts';
import { listVocFolder } from '../datasets/vocFolder.ts';
import { runAblation } from '../evaluation/ablation.ts';
import type { ClassList } from '../rfclip/classes.ts';
import { DEFAULT_SETTINGS, MAXIMUM_PIXELS, type Settings } from '../rfclip/settings.ts';
import { makeConsole } from './console.ts';
import { addCheckpointFlags, addDeviceFlags, type DeviceFlags, MAX_MEGAPIXELS } from './modelFlags.ts';
import { expandImages } from './imageArguments.ts';
import { openDevice, openModel, readClasses, usedDevice } from './sharedOptions.ts';
import { wholeNumber } from './parsers.ts';
import { noteToy } from './toyNotes.ts';
import { exitCodeOfImages } from './failure.ts';

interface AblateFlags extends DeviceFlags {
  data?: string;
  classes?: string;
  classesFile?: string;
  checkpoint?: string;
  prefix?: string;
  activation?: 'quickGelu' | 'gelu';
  limit?: number;
  whole?: boolean;
  resize: number;
  maxMegapixels?: number;
  json?: boolean;
}

/** Adds `rfclip ablate`. */
export function addAblateCommand(program: Command): void {
  const command = program
    .command('ablate')
    .description("the paper's ablation: which part of RF-CLIP does what, over a labelled folder or over images")
    .argument('[image...]', 'images without labels, compared with the first row; needs --classes or --classes-file')
    .option('--data <folder>', 'folder in PASCAL VOC layout with a classes.txt (default: the sample set)')
    .option('--classes <list>', 'for images: class names; commas separate classes, semicolons synonyms')
    .option('--classes-file <file>', 'for images: one class per line, synonyms separated by ", "');
  addDeviceFlags(addCheckpointFlags(command))
    .option('--limit <count>', 'only the first images', wholeNumber(1))
    .option('--whole', 'take every image as one window')
    .option(
      '--resize <pixels>',
      'resize the short side to this before the network',
      wholeNumber(16, MAXIMUM_PIXELS),
      DEFAULT_SETTINGS.resize[1],
    )
    .option(...MAX_MEGAPIXELS)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (images: string[], flags: AblateFlags) => {
      process.exitCode = await ablate(images, flags);
    });
}

async function ablate(args: string[], flags: AblateFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const images = expandImages(args, { note: console.note });
  const { classes, pairs } = listInput(images, flags);
  for (const notice of classes.notices) console.note(`note: ${notice}`);
  const chosen = pairs.slice(0, flags.limit);
  const device = await openDevice(flags);
  try {
    const model = await openModel(device, flags);
    noteToy(
      model.noticesOf(classes.queries),
      chosen.map(({ image }) => image),
      console,
    );
    const settings: Settings = {
      ...structuredClone(DEFAULT_SETTINGS),
      resize: [DEFAULT_SETTINGS.resize[0], flags.resize],
      ...(flags.whole === true ? { window: 0 } : {}),
    };
    const { maxMegapixels } = flags;
    const limits = { maxMegapixels };
    const { rows, failures } = await runAblation({
      model,
      classes,
      pairs: chosen,
      settings,
      limits,
      reporter: console,
    });
    const labelled = rows.some(({ mIoU }) => mIoU !== undefined);
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
    if (rows.length > 0) console.result(table.toString());
    console.result(
      `${chosen.length - failures.length} images, ${classes.classes.length} classes, checkpoint ${model.file.path}, ` +
        `adapter ${device.name}, ${device.products.precision}; percent`,
    );
    if (rows.length > 0 && rows.every(({ agreement }) => agreement === 1)) {
      console.result(
        'No row changes a pixel: this checkpoint has no distraction token above 5/d in these images, so there is ' +
          'nothing to suppress.',
      );
    }
    console.json({ rows, images: chosen.length, failures, checkpoint: model.file.path, ...usedDevice(device) });
    model.close();
    return exitCodeOfImages(failures.length, chosen.length - failures.length);
  } finally {
    device.destroy();
  }
}

function listInput(images: string[], flags: AblateFlags): { classes: ClassList; pairs: ImagePair[] } {
  if (images.length === 0) return listVocFolder(flags.data ?? SAMPLE_FOLDER);
  return { classes: readClasses(flags), pairs: images.map((image) => ({ id: image, image, label: '' })) };
}
