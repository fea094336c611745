/** What `save` wrote. */
export interface SavedFiles {
  /** PNG whose pixel value is the class index. */
  readonly label: string;
  /** PNG with colours and a legend over the image. */
  readonly overlay: string;
  /** JSON: `SegmentationReport`. */
  readonly report: string;
}

/** Where `save` writes. */
export function savedFiles(stem: string): SavedFiles {
  return { label: `${stem}.label.png`, overlay: `${stem}.overlay.png`, report: `${stem}.json` };
}
