import type { LabelMap, RgbImage } from '../clip/image/types.ts';
import { IGNORED_LABEL } from '../datasets/confusion.ts';
import { asPercent } from '../datasets/metrics.ts';
import { contactSheet, type SheetEntry } from '../pictures/contactSheet.ts';
import { hatching } from '../pictures/hatching.ts';
import { type LegendEntry, legendEntries } from '../pictures/legend.ts';
import { OVERLAY_OPACITY, renderOverlay } from '../pictures/overlay.ts';
import { extendPalette } from '../pictures/palette.ts';
import { seenColours } from '../pictures/seenColours.ts';

/** What several methods made of one image, all of one size. */
interface ComparedMaps {
  title: string;
  image: RgbImage;
  /** The mask, where there is one; 255 is ignored. */
  truth: LabelMap | undefined;
  /** A method's labels, and the image's own mIoU by it, where it has a mask. */
  maps: readonly { name: string; labels: LabelMap; mIoU?: number | null }[];
  /** Of the classes, by index. */
  names: readonly string[];
  /** RGB triples, uint8 [K, 3]. */
  palette: Uint8Array;
}

/**
 * The contact sheet of an image: the image, the ground truth where it has a mask, and every method's labels over the
 * image with its mIoU, and a legend of the classes of all of them, largest first, in the colours that are seen.
 *
 * @returns uint8 RGB
 */
export function methodSheet({ title, image, truth, maps, names, palette }: ComparedMaps): RgbImage {
  const colours = extendPalette(palette, 1 + IGNORED_LABEL);
  const over = (labels: LabelMap) => renderOverlay(image, labels, colours, names, { legend: false });
  const sheet: SheetEntry[] = [
    { caption: 'image', picture: image },
    ...(truth === undefined ? [] : [{ caption: 'ground truth', picture: hatchIgnored(over(truth), truth) }]),
    ...maps.map(({ name, labels, mIoU }) => ({
      caption: name,
      value: mIoU === undefined ? '' : `mIoU ${asPercent(mIoU)}${mIoU === null ? '' : ' %'}`,
      picture: over(labels),
    })),
  ];
  return contactSheet(sheet, { title, legend: legendOf(image, truth, maps, colours, names) });
}

/** Shares would be those of one method, so the legend has none. */
function legendOf(
  image: RgbImage,
  truth: LabelMap | undefined,
  maps: ComparedMaps['maps'],
  colours: Uint8Array,
  names: readonly string[],
): LegendEntry[] {
  const all = [...maps.map(({ labels }) => labels), ...(truth === undefined ? [] : [truth])];
  const seen = seenColours(image, all, colours, OVERLAY_OPACITY);
  const entries = legendEntries(all, seen, names);
  const isIgnored = ({ label }: { label: number }) => label === IGNORED_LABEL && label >= names.length;
  return [
    ...entries.filter((entry) => !isIgnored(entry)).map(({ name, colour }) => ({ name, colour })),
    ...(entries.some(isIgnored) ? [{ name: 'ignored', colour: 'hatched' as const }] : []),
  ];
}

function hatchIgnored(picture: RgbImage, { data }: LabelMap): RgbImage {
  data.forEach((label, pixel) => {
    if (label !== IGNORED_LABEL) return;
    picture.data.set(hatching(pixel % picture.width, Math.floor(pixel / picture.width), 1), pixel * 3);
  });
  return picture;
}
