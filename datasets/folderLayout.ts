import { readdirSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { ClassList } from '../rfclip/classes.ts';
import { isFile, isFolder } from '../system/fileKinds.ts';
import { DatasetError } from './datasetError.ts';

/** Where the parts of a labelled folder lie; default: as in PASCAL VOC. Folders are relative to the data folder. */
export interface FolderLayout {
  /** Name of a list in `ImageSets/Segmentation`, path of a list, or `all` for every image; default `val`. */
  split?: string;
  /** Default `JPEGImages`. */
  imageFolder?: string;
  /** Default `SegmentationClass`. */
  labelFolder?: string;
  /** What follows the id in the names of images, such as `.jpg` or `_rgb.png`; default: any end that pictures have. */
  imageSuffix?: string;
  /** What follows the id in the names of label maps, such as `_labels.png`; default `.png`. */
  labelSuffix?: string;
  /** In place of `classes.txt`. */
  classes?: ClassList;
  /** Label files hold other values than the classes' numbers: class by value. Others stay as they are. */
  labelMap?: Readonly<Record<string, number>>;
}

/** The split that stands for every image, where no list has that name. */
const ALL_IMAGES = 'all';

const SPLITS = join('ImageSets', 'Segmentation');

/** The parts of a layout as paths. */
export interface FolderParts {
  imageFolder: string;
  labelFolder: string;
  /** `classes.txt`; undefined where the layout has classes. */
  classesFile: string | undefined;
  /** Path of the list; undefined for every image. */
  splitFile: string | undefined;
}

/**
 * Finds the parts of a labelled folder.
 * @throws DatasetError naming all parts that are missing, if more than one is, with the layout that is expected; or for
 *   a split that is neither a list in the folder nor a file
 */
export function findParts(folder: string, layout: FolderLayout): FolderParts {
  const within = (path: string) => (isAbsolute(path) ? path : join(folder, path));
  const parts = {
    imageFolder: within(layout.imageFolder ?? 'JPEGImages'),
    labelFolder: within(layout.labelFolder ?? 'SegmentationClass'),
    classesFile: layout.classes === undefined ? join(folder, 'classes.txt') : undefined,
  };
  const absent = [
    ...(parts.classesFile === undefined || isFile(parts.classesFile) ? [] : ['the class file classes.txt']),
    ...(isFolder(parts.imageFolder) ? [] : [`the folder ${layout.imageFolder ?? 'JPEGImages'}`]),
    ...(isFolder(parts.labelFolder) ? [] : [`the folder ${layout.labelFolder ?? 'SegmentationClass'}`]),
    ...(layout.split !== undefined || isFolder(join(folder, SPLITS)) ? [] : [`the folder ${SPLITS}`]),
  ];
  if (absent.length > 1)
    throw new DatasetError(`${folder} lacks ${absent.slice(0, -1).join(', ')} and ${absent.at(-1)}`, folder, {
      fix: describeLayout(folder),
    });
  return { ...parts, splitFile: splitFileOf(folder, layout) };
}

/** The layout as a tree, with the flags that name other places. */
export function describeLayout(folder: string): string {
  return [
    'a data set of your own is expected to look so:',
    `  ${folder}/`,
    '    classes.txt                      a class per line, line 1 is label 0; or --classes-file, --classes',
    '    JPEGImages/ID.jpg                or --image-folder, --image-suffix',
    '    SegmentationClass/ID.png         label maps, 255 is ignored; or --label-folder, --label-suffix',
    '    ImageSets/Segmentation/val.txt   an ID per line; or --split NAME, FILE, or all',
  ].join('\n');
}

function splitFileOf(folder: string, { split }: FolderLayout): string | undefined {
  const list = (name: string) => join(folder, SPLITS, `${name}.txt`);
  if (split === undefined) return list('val');
  const places = [list(split.replace(/\.txt$/, '')), split, join(folder, split)];
  const found = places.find(isFile);
  if (found !== undefined) return found;
  if (split === ALL_IMAGES) return undefined;
  const names = splitsIn(folder);
  throw new DatasetError(`there is no split ${split}: neither ${places[0]} nor the file ${split} exists`, split, {
    fix: `${names.length === 0 ? 'there is no list' : `the lists are ${names.join(', ')}`}; "all" takes every image`,
  });
}

function splitsIn(folder: string): string[] {
  try {
    return readdirSync(join(folder, SPLITS))
      .filter((name) => name.endsWith('.txt'))
      .map((name) => basename(name, '.txt'))
      .sort();
  } catch {
    return [];
  }
}
