/** An image's own score, for people to look at; the metrics of a result are not made of these. */
export interface ImageScore {
  id: string;
  /** Mean IoU over the classes that occur in the image's labels or prediction, from 0 to 1. */
  mIoU: number;
  /** JPEG of image, labels, prediction and errors: its path relative to the result's folder, with `/`; null where there is none. */
  thumbnail: string | null;
}

/** The images of an evaluation that went worst and best; no image is in both lists. */
export interface Extremes {
  /** Worst first. */
  worst: ImageScore[];
  /** Best first. */
  best: ImageScore[];
}
