import type { Command } from 'commander';
import { reportComparison } from './compareMethods.ts';
import { findMethod, type Method, METHODS } from '../rfclip/methods/index.ts';
import { makeConsole } from './console.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import {
  addNetworkFlags,
  type NetworkFlags,
  openDevice,
  openLibraryModel,
  openModel,
  readClasses,
  segmentSettings,
} from './sharedOptions.ts';
import { segmentFiles } from './segmentFiles.ts';

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
    .argument('<image...>', 'PNG or JPEG files')
    .option('--classes <list>', 'class names; commas separate classes, semicolons synonyms: "cat, dog; puppy, grass"')
    .option('--classes-file <file>', 'one class per line, synonyms separated by ", "')
    .option('--out <folder>', 'where the pictures and reports go', 'out');
  addNetworkFlags(command).action(async (images: string[], flags: SegmentFlags) => {
    process.exitCode = await segment(images, flags);
  });
}

async function segment(images: string[], flags: SegmentFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const classes = readClasses(flags);
  for (const notice of classes.notices) console.note(`note: ${notice}`);
  const settingsOf = (method: Method) => segmentSettings(method, flags);
  const method = flags.method === 'all' ? undefined : findMethod(flags.method);
  const settings = settingsOf(method ?? METHODS[0]);
  makeOutputFolder(flags.out);
  const device = await openDevice(flags);
  try {
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    if (method === undefined) {
      const model = await openModel(device, flags);
      const code = await reportComparison({ model, classes, settingsOf, images, out: flags.out, console });
      model.close();
      return code;
    }
    const model = await openLibraryModel(device, flags);
    const segmenter = await model.segmenter(classes, { method, ...settings });
    const { reports, failures } = await segmentFiles({ segmenter, images, out: flags.out, console });
    model.close();
    for (const { image, files } of reports)
      console.result(`${image} -> ${files?.label}, ${files?.overlay}, ${files?.report}`);
    console.json({ results: reports, failures });
    return failures.length > 0 ? 1 : 0;
  } finally {
    device.destroy();
  }
}
