/** An image to evaluate and its label map. */
export interface ImagePair {
  /** What results call it: the image's path below the image folder without the image suffix; unique in its data set. */
  id: string;
  /** Path of the image file. */
  image: string;
  /** Path of the label map. */
  label: string;
}

/** An image of the split that cannot be evaluated because a file is not there. */
export interface MissingFile {
  id: string;
  kind: 'image' | 'label';
  /** Where the file was expected. */
  path: string;
}

/** What a data set on disk consists of. */
export interface Listing {
  /** The folder that the layout's paths are relative to. */
  root: string;
  /** Complete pairs, sorted by id (by UTF-16 code units, so the order is the same everywhere). */
  pairs: ImagePair[];
  /** Files of the split that are not there, in the order of the ids. */
  missing: MissingFile[];
}

/** Sorts by code units: a locale would make the order, and with it shards, depend on the machine. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
