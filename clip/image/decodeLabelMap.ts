import { forEachLine, readPngLines } from './decodePng.ts';
import { ImageError } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import { PNG_GREY, PNG_PALETTE, type PngHeader } from './pngHeader.ts';
import { lineSamples } from './pngLines.ts';
import { describeContent, sniffFormat } from './sniff.ts';
import type { DecodedLabelMap } from './types.ts';

/**
 * Decodes a PNG label map: the pixel's value is the palette index or the grey value as stored, never a colour and never
 * rescaled, so the VOC palette files and the grey files of ADE20K or Cityscapes give their class indices alike.
 *
 * @returns `[H,W]`, uint8 up to 8 bits per pixel, uint16 for 16-bit grey
 * @throws ImageError if the file is no PNG, has colour or alpha channels, or is damaged, truncated or too large
 */
export function decodeLabelMap(bytes: Uint8Array, name: string, limits: ImageLimits = {}): DecodedLabelMap {
  if (sniffFormat(bytes) !== 'png') throw new ImageError(name, `${describeContent(bytes)}; expected a PNG label map`);
  const { header, lines, notices } = readPngLines(bytes, name, limits);
  const { width, height, depth } = header;
  checkLabelKind(header, name);
  const data = newLabels(header);
  forEachLine(header, (at, columns, x, y, stepX) => lineSamples(lines, at, columns, depth, data, y * width + x, stepX));
  return { width, height, data, notices };
}

/** Room for the labels of a picture. */
export function newLabels({ width, height, depth }: PngHeader): Uint8Array | Uint16Array {
  return depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
}

/** @throws ImageError for a picture whose samples are no labels */
export function checkLabelKind({ colourType }: PngHeader, name: string): void {
  if (colourType === PNG_PALETTE || colourType === PNG_GREY) return;
  throw new ImageError(
    name,
    'is a PNG picture with colour or alpha channels; expected a label map: a PNG with a palette or of plain grey',
  );
}
