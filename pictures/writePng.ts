import type { RgbImage } from '../clip/image/types.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { encodeLabelsByRows } from './encodePngByRows.ts';
import { encodeGrey16Png, encodePalettePng, encodeRgbPng } from './encodePng.ts';
import { extendPalette } from './palette.ts';

/** Of larger label maps, the lines are not made all at once. */
const MOST_WHOLE_LABELS = 2 ** 24;

/**
 * Writes a label map as a PNG whose pixel value is the class index: with a palette, so that viewers show colours, as
 * long as 8 bits suffice; as 16-bit grey if there are more than 256 classes or a label above 255.
 *
 * @param labels uint8 or uint16 `[height, width]`
 * @param palette RGB triples, uint8 `[classes, 3]`; labels beyond it, such as 255 for "ignore", get VOC colours
 * @throws OutputError if the file cannot be written, ShapeError if the sizes do not fit
 */
export async function writeLabelPng(
  path: string,
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Promise<void> {
  const encode = labels.length > MOST_WHOLE_LABELS ? encodeLabelPngByRows : encodeLabelPng;
  await atomicWrite(path, await encode(labels, width, height, palette));
}

/** The bytes that `writeLabelPng` writes. */
export function encodeLabelPng(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const full = fullPalette(labels, palette);
  return full === undefined ? encodeGrey16Png(labels, width, height) : encodePalettePng(labels, width, height, full);
}

/** A PNG of the same pixels, made block by block: for label maps that are too large to be held twice. */
export function encodeLabelPngByRows(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeLabelsByRows(labels, width, height, fullPalette(labels, palette));
}

/** A colour for every label; undefined where they are too many for a palette. */
function fullPalette(labels: Uint8Array | Uint16Array, palette: Uint8Array): Uint8Array | undefined {
  let largest = 0;
  for (const label of labels) if (label > largest) largest = label;
  const classes = Math.max(palette.length / 3, largest + 1);
  return classes > 256 ? undefined : extendPalette(palette, classes);
}

/**
 * Writes a picture as an 8-bit RGB PNG.
 *
 * @param image uint8 `[H,W,3]`
 * @throws OutputError if the file cannot be written
 */
export async function writeRgbPng(path: string, image: RgbImage): Promise<void> {
  await atomicWrite(path, encodeRgbPng(image.data, image.width, image.height));
}
