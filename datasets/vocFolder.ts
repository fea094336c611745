import { join } from 'node:path';
import { PICTURE_SUFFIXES } from '../clip/image/suffixes.ts';
import { type ClassList, parseClassesFile } from '../rfclip/classes.ts';
import { IGNORED_LABEL } from './confusion.ts';
import { DatasetError } from './datasetError.ts';
import { isFolder } from '../system/fileKinds.ts';
import { readTextFile } from '../system/readTextFile.ts';
import type { Listing } from './pairs.ts';
import { pictureFinder } from './pictureFinder.ts';
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
 * @returns complete pairs sorted by id, and what is missing of the split
 * @throws DatasetError if the folder, its split file or its class file is missing or unusable, or there are more than
 *   255 classes; ClassListError for a bad class file
 */
export function listVocFolder(folder: string): VocFolder {
  if (!isFolder(folder)) throw new DatasetError(`the data folder ${folder} does not exist or is not a folder`, folder);
  const classes = readClasses(join(folder, 'classes.txt'));
  const listing: Listing = { root: folder, pairs: [], missing: [] };
  const findImage = pictureFinder(join(folder, 'JPEGImages'), PICTURE_SUFFIXES);
  const findLabel = pictureFinder(join(folder, 'SegmentationClass'), ['.png']);
  const split = { isImage: (id: string) => findImage(id) !== undefined, imageFolder: 'JPEGImages' };
  for (const id of readSplitFile(join(folder, 'ImageSets', 'Segmentation', 'val.txt'), split)) {
    const image = findImage(id);
    const label = findLabel(id);
    if (image === undefined) listing.missing.push({ id, kind: 'image', path: join(folder, 'JPEGImages', `${id}.jpg`) });
    if (label === undefined)
      listing.missing.push({ id, kind: 'label', path: join(folder, 'SegmentationClass', `${id}.png`) });
    else if (image !== undefined) listing.pairs.push({ id, image, label });
  }
  return { ...listing, classes };
}

function readClasses(path: string): ClassList {
  const fix = 'write one class per line, synonyms separated by a comma and a space; line 1 is label 0';
  const text = readTextFile(
    path,
    (problem, cause) => new DatasetError(`the class file ${path} ${problem}`, path, { cause, fix }),
  );
  const list = parseClassesFile(text, path);
  if (list.classes.length > IGNORED_LABEL)
    throw new DatasetError(
      `${path} has ${list.classes.length} classes, expected at most ${IGNORED_LABEL}, because label 255 is ignored`,
      path,
    );
  return list;
}
