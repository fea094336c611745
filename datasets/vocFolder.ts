import { basename, join } from 'node:path';
import { PICTURE_SUFFIXES } from '../clip/image/suffixes.ts';
import { type ClassList, parseClassesFile } from '../rfclip/classes.ts';
import { IGNORED_LABEL } from './confusion.ts';
import { DatasetError } from './datasetError.ts';
import { describeLayout, findParts, type FolderLayout } from './folderLayout.ts';
import { findFiles } from './findFiles.ts';
import { isFolder } from '../system/fileKinds.ts';
import { readTextFile } from '../system/readTextFile.ts';
import { byCodeUnits, type Listing } from './pairs.ts';
import { alternativeSuffixes, type PictureFinder, pictureFinder, withoutSuffix } from './pictureFinder.ts';
import { readSplitFile } from './splitFile.ts';

/** A data set in VOC layout with its own class list. */
export interface VocFolder extends Listing {
  /** Of `classes.txt`: line k, counted from 0, is label k. */
  classes: ClassList;
}

/**
 * Lists a folder in VOC layout: `JPEGImages/ID.jpg` (or .jpeg, .png and others, in any case),
 * `SegmentationClass/ID.png`, `ImageSets/Segmentation/val.txt` with one ID per line (see `readSplitFile`), and
 * `classes.txt` with one class per line, synonyms separated by a comma and a space. Label 255 is ignored. The sample
 * data set and people's own data are read this way.
 *
 * @param folder with these four
 * @param layout other places for them
 * @returns complete pairs sorted by id, and what is missing of the split
 * @throws DatasetError if the folder, its split file or its class file is missing or unusable, no image has a label
 *   map, or there are more than 255 classes; ClassListError for a bad class file
 */
export function listVocFolder(folder: string, layout: FolderLayout = {}): VocFolder {
  if (!isFolder(folder))
    throw new DatasetError(`the data folder ${folder} does not exist or is not a folder`, folder, {
      fix: describeLayout(folder),
    });
  const { imageFolder, labelFolder, classesFile, splitFile } = findParts(folder, layout);
  const classes = classesFile === undefined ? layout.classes! : readClasses(classesFile, folder);
  checkCount(classes, classesFile ?? 'the class list');
  const { imageSuffix, labelSuffix = '.png' } = layout;
  const suffixes = imageSuffix === undefined ? PICTURE_SUFFIXES : alternativeSuffixes(imageSuffix);
  const findImage = pictureFinder(imageFolder, suffixes);
  const findLabel = pictureFinder(labelFolder, [labelSuffix]);
  const ids =
    splitFile === undefined
      ? allIds(imageFolder, suffixes)
      : readIds(splitFile, {
          findImage,
          suffixes: imageSuffix === undefined ? undefined : suffixes,
          imageFolder,
          folder,
        });
  const listing: Listing = { root: folder, pairs: [], missing: [] };
  for (const id of ids) {
    const image = findImage(id);
    const label = findLabel(id);
    if (image === undefined)
      listing.missing.push({ id, kind: 'image', path: join(imageFolder, `${id}${imageSuffix ?? '.jpg'}`) });
    if (label === undefined)
      listing.missing.push({ id, kind: 'label', path: join(labelFolder, `${id}${labelSuffix}`) });
    else if (image !== undefined) listing.pairs.push({ id, image, label });
  }
  if (!ids.some((id) => findLabel(id) !== undefined)) throw noLabels(labelFolder, labelSuffix, ids);
  return { ...listing, classes };
}

/** No image has a label map: their names are others, so it says what they are. */
function noLabels(labelFolder: string, labelSuffix: string, ids: readonly string[]): DatasetError {
  const names = findFiles(labelFolder, () => true);
  const known = new Set(ids);
  const ends = names.flatMap((name) => {
    // `scene_1_mask.png` belongs to `scene_1`, not to `scene`.
    for (let end = name.length - 1; end > 0; end--) if (known.has(name.slice(0, end))) return [name.slice(end)];
    return [];
  });
  const expected = `${ids[0]}${labelSuffix}`;
  const there = names.length === 0 ? 'it is empty' : `its first file is ${names[0]}`;
  return new DatasetError(
    `${labelFolder} has no label map for any of the ${ids.length} images: expected names such as ${expected}, ${there}`,
    labelFolder,
    { fix: ends.length === 0 ? 'name their folder with --label-folder' : `try --label-suffix ${mostFrequent(ends)}` },
  );
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0][0];
}

function readIds(
  path: string,
  places: { findImage: PictureFinder; suffixes: readonly string[] | undefined; imageFolder: string; folder: string },
): string[] {
  const { findImage, suffixes, imageFolder, folder } = places;
  try {
    return readSplitFile(path, {
      isImage: (id) => findImage(id) !== undefined,
      suffixes,
      imageFolder: basename(imageFolder),
    });
  } catch (error) {
    if (!(error instanceof DatasetError) || !/does not exist/.test(error.message)) throw error;
    throw new DatasetError(error.message, path, { fix: describeLayout(folder), cause: error });
  }
}

/** Ids of all images below a folder: their paths without the suffix. */
function allIds(imageFolder: string, suffixes: readonly string[]): string[] {
  const names = findFiles(imageFolder, (name) => withoutSuffix(name, suffixes) !== undefined);
  if (names.length === 0)
    throw new DatasetError(
      `${imageFolder} has no image; expected names that end in ${suffixes.join(', ')}`,
      imageFolder,
    );
  return [...new Set(names.map((name) => withoutSuffix(name, suffixes)!))].sort(byCodeUnits);
}

function readClasses(path: string, folder: string): ClassList {
  const text = readTextFile(
    path,
    (problem, cause) =>
      new DatasetError(`the class file ${path} ${problem}`, path, { cause, fix: describeLayout(folder) }),
  );
  return parseClassesFile(text, path);
}

function checkCount({ classes }: ClassList, where: string): void {
  if (classes.length > IGNORED_LABEL)
    throw new DatasetError(
      `${where} has ${classes.length} classes, expected at most ${IGNORED_LABEL}, because label 255 is ignored`,
      where,
    );
}
