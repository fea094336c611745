import type { RgbImage } from '../clip/image/types.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { encodeLabelsByRows } from './encodePngByRows.ts';
import { encodeLabelPng, fullPalette } from './encodeLabelPng.ts';
import { encodeRgbPng } from './encodePng.ts';

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

/** A PNG of the same pixels, made block by block: for label maps that are too large to be held twice. */
export function encodeLabelPngByRows(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  return encodeLabelsByRows(labels, width, height, fullPalette(labels, palette));
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
