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
import { withBackground } from '../library/classInput.ts';
import { RequestError } from '../system/requestError.ts';

interface SegmentFlags extends NetworkFlags {
  classes?: string;
  classesFile?: string;
  out: string;
  masks?: boolean;
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
    .option('--out <folder>', 'where the pictures and reports go', 'out')
    .option('--masks', 'also a mask for each class, NAME.LABEL-CLASS.mask.png: 255 where it is, else 0');
  addNetworkFlags(command).action(async (images: string[], flags: SegmentFlags) => {
    process.exitCode = await segment(images, flags);
  });
}

async function segment(args: string[], flags: SegmentFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const classes = readClasses(flags);
  for (const notice of classes.notices) console.note(`note: ${notice}`);
  const { out, overwrite, maxMegapixels, masks, background } = flags;
  const { method, settings, settingsOf } = await chosenNetwork(flags);
  const images = expandImages(args, { note: console.note, standardInput: method !== undefined });
  if (masks === true && method === undefined) throw new RequestError('--masks goes with one method only', '--masks');
  const all = background === undefined ? classes : withBackground(classes, background, '--background');
  prepareOutputs(images, flags, masks === true ? all.classes.map(({ name }) => name) : []);
  const device = await openDevice(flags);
  let model: Model | undefined;
  try {
    if (device.adapterClass === 'software') console.note(`note: ${device.name} is a CPU; a GPU is many times faster`);
    if (method === undefined) {
      return await compareWith(device, flags, { classes, settingsOf, images, console });
    }
    model = await openLibraryModel(device, flags);
    const segmenter = await model.segmenter(classes, { method, ...settings, background });
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
      masks,
      console,
      onSaved: ({ image, files }) => {
        const { label, overlay, report, masks: each } = files!;
        const more = each === undefined ? '' : `, ${each.length} mask${each.length === 1 ? '' : 's'}`;
        console.result(`${image} -> ${label}, ${overlay}, ${report}${more}`);
      },
    });
    console.json({ results: reports, failures });
    return exitCodeOfImages(failures.length, reports.length);
  } finally {
    model?.close();
    device.destroy();
  }
}
