import type { Command } from 'commander';
import { compareWith } from './compareMethods.ts';
import type { Model } from '../library/model.ts';
import { makeConsole } from './console.ts';
import { addNetworkFlags, type NetworkFlags, openDevice, openLibraryModel, readClasses } from './sharedOptions.ts';
import { expandImages } from './imageArguments.ts';
import { segmentFiles } from './segmentFiles.ts';
import { chosenNetwork, prepareOutputs } from './segmentRun.ts';
import { exitCodeOfImages } from './failure.ts';
import { noteToy } from './toyNotes.ts';

interface SegmentFlags extends NetworkFlags {
  classes?: string;
  classesFile?: string;
  out: string;
}

/** Adds `rfclip segment`. */
export function addSegmentCommand(program: Command): void {
  const command = program
    .command('segment')
    .description('segment images into the classes you name')
    .argument(
      '<image...>',
      'pictures (PNG, JPEG, WebP, BMP, GIF), folders of them, patterns, file:// URLs, or - for standard input',
    )
    .option('--classes <list>', 'class names; commas separate classes, semicolons synonyms: "cat, dog; puppy, grass"')
    .option('--classes-file <file>', 'one class per line, synonyms separated by ", "')
    .option('--out <folder>', 'where the pictures and reports go', 'out');
  addNetworkFlags(command).action(async (images: string[], flags: SegmentFlags) => {
    process.exitCode = await segment(images, flags);
  });
}

async function segment(args: string[], flags: SegmentFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const classes = readClasses(flags);
  for (const notice of classes.notices) console.note(`note: ${notice}`);
  const { out, overwrite, maxMegapixels } = flags;
  const { method, settings, settingsOf } = await chosenNetwork(flags);
  const images = expandImages(args, { note: console.note, standardInput: method !== undefined });
  prepareOutputs(images, flags);
  const device = await openDevice(flags);
  let model: Model | undefined;
  try {
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    if (method === undefined) {
      return await compareWith(device, flags, { classes, settingsOf, images, console });
    }
    model = await openLibraryModel(device, flags);
    const segmenter = await model.segmenter(classes, { method, ...settings, background: flags.background });
    noteToy(
      segmenter.notices.filter((notice) => !classes.notices.includes(notice)),
      images,
      console,
    );
    const { reports, failures } = await segmentFiles({
      segmenter,
      images,
      maxMegapixels,
      out,
      overwrite,
      console,
      onSaved: ({ image, files }) => console.result(`${image} -> ${files?.label}, ${files?.overlay}, ${files?.report}`),
    });
    console.json({ results: reports, failures });
    return exitCodeOfImages(failures.length, reports.length);
  } finally {
    model?.close();
    device.destroy();
  }
}
