import type { Command } from 'commander';
import { join } from 'node:path';
import { savedFiles } from '../library/segmentationResult.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { comparisonOutputs, reportComparison } from './compareMethods.ts';
import { findMethod, type Method, METHODS } from '../rfclip/methods/index.ts';
import { makeConsole } from './console.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import {
  addNetworkFlags,
  inputsOf,
  type NetworkFlags,
  openDevice,
  openLibraryModel,
  openModel,
  readClasses,
  segmentSettings,
} from './sharedOptions.ts';
import { expandImages } from './imageArguments.ts';
import { segmentFiles, stemsOf } from './segmentFiles.ts';
import { exitCodeOfImages } from './failure.ts';

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
  const settingsOf = (method: Method) => segmentSettings(method, flags);
  const method = flags.method === 'all' ? undefined : findMethod(flags.method);
  const settings = settingsOf(method ?? METHODS[0]);
  const { out, overwrite, maxMegapixels } = flags;
  const images = expandImages(args, { note: console.note, standardInput: method !== undefined });
  const outputsOf = (stem: string) =>
    method === undefined ? comparisonOutputs(out, stem) : Object.values(savedFiles(join(out, stem)));
  checkOutputs({ files: stemsOf(images).flatMap(outputsOf), inputs: [...images, ...inputsOf(flags)], overwrite });
  makeOutputFolder(out);
  const device = await openDevice(flags);
  try {
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    if (method === undefined) {
      const model = await openModel(device, flags);
      const code = await reportComparison({
        model,
        classes,
        settingsOf,
        images,
        limits: { maxMegapixels },
        out,
        console,
      });
      model.close();
      return code;
    }
    const model = await openLibraryModel(device, flags);
    const segmenter = await model.segmenter(classes, { method, ...settings, background: flags.background });
    const { reports, failures } = await segmentFiles({
      segmenter,
      images,
      maxMegapixels,
      out,
      overwrite,
      console,
      onSaved: ({ image, files }) => console.result(`${image} -> ${files?.label}, ${files?.overlay}, ${files?.report}`),
    });
    model.close();
    console.json({ results: reports, failures });
    return exitCodeOfImages(failures.length, reports.length);
  } finally {
    device.destroy();
  }
}
