/** What `save` wrote. */
export interface SavedFiles {
  /** PNG whose pixel value is the class index. */
  readonly label: string;
  /** PNG with colours and a legend over the image. */
  readonly overlay: string;
  /** JSON: `SegmentationReport`. */
  readonly report: string;
  /** A PNG for each class, in the order of the labels: 255 where it is, else 0. Only if masks were asked for. */
  readonly masks?: readonly string[];
}

/** Where `save` writes what it always writes. */
export function savedFiles(stem: string): SavedFiles {
  return { label: `${stem}.label.png`, overlay: `${stem}.overlay.png`, report: `${stem}.json` };
}

/** Where `save` writes the masks: `photo.0-cat.mask.png`, with a `_` for what not every system takes in a name. */
export function maskFiles(stem: string, classNames: readonly string[]): string[] {
  return classNames.map((name, label) => `${stem}.${label}-${fileNameOf(name)}.mask.png`);
}

/** At most 60 signs, so that the whole name fits everywhere, in any script. */
function fileNameOf(name: string): string {
  const signs = [...name.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}_-]+/gu, '_')];
  return signs.slice(0, 60).join('');
}
