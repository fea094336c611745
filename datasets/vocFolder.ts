import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClassList, parseClassesFile } from '../rfclip/classes.ts';
import { IGNORED_LABEL } from './confusion.ts';
import { DatasetError } from './datasetError.ts';
import { isFile, isFolder } from '../system/fileKinds.ts';
import type { Listing } from './pairs.ts';
import { readSplitFile } from './splitFile.ts';

/** A data set in VOC layout with its own class list. */
export interface VocFolder extends Listing {
  /** Of `classes.txt`: line k, counted from 0, is label k. */
  classes: ClassList;
}

/** Image suffixes in the order they are looked for. */
const IMAGE_SUFFIXES = ['.jpg', '.jpeg', '.png'];

/**
 * Lists a folder in VOC layout: `JPEGImages/ID.jpg` (or .jpeg, .png), `SegmentationClass/ID.png`,
 * `ImageSets/Segmentation/val.txt` with one ID per line, and `classes.txt` with one class per line, synonyms separated
 * by a comma and a space. Label 255 is ignored. The sample data set and people's own data are read this way.
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
  for (const id of readSplitFile(join(folder, 'ImageSets', 'Segmentation', 'val.txt'))) {
    const image = findImage(folder, id);
    const label = join(folder, 'SegmentationClass', `${id}.png`);
    if (image === undefined) listing.missing.push({ id, kind: 'image', path: join(folder, 'JPEGImages', `${id}.jpg`) });
    if (!isFile(label)) listing.missing.push({ id, kind: 'label', path: label });
    else if (image !== undefined) listing.pairs.push({ id, image, label });
  }
  return { ...listing, classes };
}

function readClasses(path: string): ClassList {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new DatasetError(
      `the class file ${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`,
      path,
      {
        cause,
        fix: 'write one class per line, synonyms separated by a comma and a space; line 1 is label 0',
      },
    );
  }
  const list = parseClassesFile(text, path);
  if (list.classes.length > IGNORED_LABEL)
    throw new DatasetError(
      `${path} has ${list.classes.length} classes, expected at most ${IGNORED_LABEL}, because label 255 is ignored`,
      path,
    );
  return list;
}

function findImage(folder: string, id: string): string | undefined {
  return IMAGE_SUFFIXES.map((suffix) => join(folder, 'JPEGImages', id + suffix)).find(isFile);
}
