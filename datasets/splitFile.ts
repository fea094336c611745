import { posix } from 'node:path';
import { withoutPictureSuffix } from '../clip/image/suffixes.ts';
import { linesOf } from '../system/linesOf.ts';
import { readTextFile } from '../system/readTextFile.ts';
import { DatasetError } from './datasetError.ts';
import { byCodeUnits } from './pairs.ts';
import { withoutSuffix } from './pictureFinder.ts';

/** What is known of the images that a split file names. */
export interface SplitContext {
  /** Whether there is an image of this id. */
  isImage: (id: string) => boolean;
  /** What may follow the id in a file name, besides the ends that all pictures have. */
  suffixes?: readonly string[];
  /** Name of the folder of the images, as paths in the file have it; ids are what follows. */
  imageFolder?: string;
}

/** What VOC's lists below `ImageSets/Main` have in their second column. */
const FLAGS = new Set(['-1', '0', '1']);

/**
 * Reads a split file: one image per line, spaces at its ends and blank lines ignored. An image is named by its id, as
 * in VOC and MMSegmentation, or by a file name or path that ends in the id and a suffix; the path of its label map may
 * follow, as in the lists of DeepLab and of VOC's augmented set (`/JPEGImages/ID.jpg /SegmentationClassAug/ID.png`).
 *
 * @returns the ids, sorted
 * @throws DatasetError if the file is missing, unreadable or empty, names an image twice (it would count twice), has an
 *   id that leads out of the data set, or a line of another form
 */
export function readSplitFile(path: string, context: SplitContext = { isImage: () => false }): string[] {
  const lineOf = new Map<string, number>();
  const fail = (problem: string, cause?: unknown) =>
    new DatasetError(`the split file ${path} ${problem}`, path, { cause });
  linesOf(readTextFile(path, fail)).forEach((line, index) => {
    const text = line.trim();
    if (text === '') return;
    const id = idOf(text, context, (problem) => new DatasetError(`${path}, line ${index + 1}: ${problem}`, path));
    const earlier = lineOf.get(id);
    if (earlier !== undefined)
      throw new DatasetError(
        `${path} names ${id} twice, in lines ${earlier} and ${index + 1}; expected every image once`,
        path,
      );
    lineOf.set(id, index + 1);
  });
  if (lineOf.size === 0) throw new DatasetError(`${path} names no image, expected one image id per line`, path);
  return [...lineOf.keys()].sort(byCodeUnits);
}

/** The id that a line names. @throws what `fail` makes of a sentence */
function idOf(text: string, context: SplitContext, fail: (problem: string) => Error): string {
  const whole = knownId(text, context);
  if (whole !== undefined) return whole;
  const columns = text.split(/[\s,;]+/);
  const [image, label] = columns;
  if (new Set(columns).size === 1) return knownId(image, context) ?? safeId(image, context, fail);
  const isOneName = !/[\t,;/\\]|\.\w+( |$)/.test(text);
  if (isOneName && !columns.slice(1).some((column) => FLAGS.has(column))) return safeId(text, context, fail);
  const expected = 'expected an image id, or the paths of an image and its label map';
  if (columns.length !== 2) throw fail(`${JSON.stringify(text)} has ${columns.length} columns; ${expected}`);
  if (FLAGS.has(label))
    throw fail(`${JSON.stringify(text)} has a flag, as VOC's lists of a class below ImageSets/Main; ${expected}`);
  const id = knownId(image, context) ?? safeId(image, context, fail);
  const name = posix.basename(id);
  if (stemOf(label) !== name)
    throw fail(`${JSON.stringify(text)} names the label map ${label} for the image ${name}; expected ${name}.png`);
  return id;
}

/** The longest end of a path, with or without its suffix, that is an image's id. */
function knownId(path: string, { isImage, suffixes = [] }: SplitContext): string | undefined {
  const parts = unquoted(path).replaceAll('\\', '/').split('/');
  const ends = parts.map((_, index) => parts.slice(index).join('/')).filter(isSafeId);
  return ends.flatMap((end) => [end, withoutSuffix(end, suffixes) ?? end, withoutPictureSuffix(end)]).find(isImage);
}

/** The id of an image that is not there. */
function safeId(text: string, { imageFolder = '' }: SplitContext, fail: (problem: string) => Error): string {
  const path = unquoted(text)
    .replaceAll('\\', '/')
    .replace(/^(\.\/)+/, '');
  const folder = `/${imageFolder}/`;
  const at = imageFolder === '' ? -1 : `/${path}`.lastIndexOf(folder);
  const id = withoutPictureSuffix(at < 0 ? path : path.slice(at + folder.length - 1));
  if (!isSafeId(id))
    throw fail(`${JSON.stringify(text)} is no image id; expected a name without "..", as in 2007_000033`);
  return id;
}

function stemOf(path: string): string {
  return withoutPictureSuffix(posix.basename(unquoted(path).replaceAll('\\', '/')));
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}

/** Ids become names of result files, so they must stay below the folder they are joined to. */
function isSafeId(id: string): boolean {
  return !/[\0\\]/.test(id) && !id.startsWith('/') && id.split('/').every((part) => part !== '..' && part !== '');
}
