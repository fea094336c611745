import { join } from 'node:path';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { readPicture } from '../clip/image/readPicture.ts';
import { chosenMethods } from '../evaluation/methodChoice.ts';
import { EXPLAINED_METHODS } from '../explain/defaultMethods.ts';
import { checkPoints } from '../explain/points.ts';
import { networkSize, stretchNotices } from '../rfclip/prepareImage.ts';
import { METHOD_NAMES } from '../rfclip/methods/index.ts';
import { isMethodPath } from '../rfclip/methods/methodModule.ts';
import { DEFAULT_SETTINGS, MAXIMUM_PIXELS } from '../rfclip/settings.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { RequestError } from '../system/requestError.ts';
import { removeStaleFiles, TEMPORARY_NAME } from '../system/temporaryFiles.ts';
import { makeConsole } from './console.ts';
import { expandImages } from './imageArguments.ts';
import { addModelFlags, addOutputFlags, type ModelFlags, readMethod } from './modelFlags.ts';
import { wholeNumber } from './parsers.ts';
import { noteToy } from './toyNotes.ts';
import { inputsOf, openDevice, openModel, readClasses } from './sharedOptions.ts';

interface ExplainFlags extends ModelFlags {
  classes?: string;
  classesFile?: string;
  at?: { x: number; y: number }[];
  method: readonly string[];
  resize: number;
  out: string;
}

/** Adds `rfclip explain`. */
export function addExplainCommand(program: Command): void {
  const command = program
    .command('explain')
    .description('one web page that shows what happens inside the network on an image of yours')
    .argument('<image>', 'a picture (PNG, JPEG, WebP, BMP, GIF)')
    .option('--classes <list>', 'class names; commas separate classes, semicolons synonyms: "cat, dog; puppy, grass"')
    .option('--classes-file <file>', 'one class per line, synonyms separated by ", "')
    .option(
      '--at <x,y>',
      'a pixel whose patch is looked at; may be repeated (default: the middle of each class that is found)',
      addPoint,
    )
    .addOption(
      new Option('--method <name...>', 'methods to set side by side; ./FILE.mjs is a module with one of yours')
        .choices(METHOD_NAMES)
        .argParser(addMethod)
        .default(EXPLAINED_METHODS, EXPLAINED_METHODS.join(' ')),
    )
    .option(
      '--resize <pixels>',
      'resize the short side to this before the network, which takes the picture as one window',
      wholeNumber(16, MAXIMUM_PIXELS),
      DEFAULT_SETTINGS.resize[1],
    )
    .option('--out <folder>', 'where explain.html goes', 'out');
  addOutputFlags(addModelFlags(command)).action((image: string, flags: ExplainFlags) => explain(image, flags));
}

async function explain(argument: string, flags: ExplainFlags): Promise<void> {
  const console = makeConsole({ json: flags.json === true });
  const { explainImage } = await import('../explain/explainImage.ts');
  const { formatExplainPage } = await import('../explain/page.ts');
  const classes = readClasses(flags);
  for (const notice of classes.notices) console.note(`note: ${notice}`);
  const [image, ...more] = expandImages([argument], { note: console.note });
  if (more.length > 0)
    throw new RequestError(`${argument} stands for ${more.length + 1} pictures, expected one`, argument);
  const choices = await Promise.all([...new Set(flags.method)].map(readMethod));
  const methods = choices.flatMap((choice) => chosenMethods(choice));
  const page = join(flags.out, 'explain.html');
  const { method: modules, ...others } = flags;
  const inputs = [image, ...inputsOf(others), ...modules.filter(isMethodPath)];
  checkOutputs({ files: [page], inputs, overwrite: flags.overwrite });
  makeOutputFolder(flags.out);
  removeStaleFiles(flags.out, [TEMPORARY_NAME]);
  const device = await openDevice(flags);
  let opened: ClipModel | undefined;
  try {
    const model = (opened = await openModel(device, flags));
    const resize: [number, number] = [DEFAULT_SETTINGS.resize[0], flags.resize];
    const picture = await readPicture(image, image, {
      resizeTo: (width, height) => networkSize(width, height, resize, model.leastSide),
      shown: false,
      maxMegapixels: flags.maxMegapixels,
    });
    picture.notices.push(...stretchNotices(picture.width, picture.height, resize, model.leastSide));
    for (const notice of picture.notices) console.note(`${image}: ${notice}`);
    const note = (line: string) => {
      console.note(line);
      picture.notices.push(line.replace(/^note: /, ''));
    };
    noteToy(model.noticesOf(classes.queries), [image], { note });
    const points = flags.at ?? [];
    checkPoints(points, image, picture, '--at');
    const progress = console.progress('explaining', methods.length + 3);
    const explanation = await explainImage({
      model,
      name: image,
      picture,
      classes,
      methods,
      changes: { resize },
      points,
      progress,
      onNotice: (notice) => note(`note: ${notice}`),
    }).finally(progress.stop);
    await atomicWrite(page, formatExplainPage(explanation, picture.resized));
    const shown = explanation.points.map(({ x, y, title }) => ({ x, y, title }));
    console.result(`${image} -> ${page}`);
    console.json({ image, page, points: shown, methods: methods.map(({ name }) => name), notices: picture.notices });
  } finally {
    opened?.close();
    device.destroy();
  }
}

/** A commander parser of repeated methods; the first takes the place of the default. */
function addMethod(text: string, earlier: readonly string[]): string[] {
  if (!METHOD_NAMES.some((known) => known === text) && !isMethodPath(text))
    throw new InvalidArgumentError(`Allowed choices are ${METHOD_NAMES.join(', ')}, or the path of a module.`);
  return [...(earlier === EXPLAINED_METHODS ? [] : earlier), text];
}

/** A commander parser of repeated `x,y`. */
function addPoint(text: string, earlier: { x: number; y: number }[] = []): { x: number; y: number }[] {
  const found = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(text);
  if (found === null)
    throw new InvalidArgumentError('expected two whole numbers, pixels from the left and from above.');
  return [...earlier, { x: Number(found[1]), y: Number(found[2]) }];
}
