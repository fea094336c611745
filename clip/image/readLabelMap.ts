import type { ByteSource } from './byteSource.ts';
import { forEachLine, pngNotices, readPngLines } from './decodePng.ts';
import { ImageError } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import { PngFile } from './pngFile.ts';
import { PNG_GREY, PNG_PALETTE, type PngHeader } from './pngHeader.ts';
import { lineSamples } from './pngLines.ts';
import { isPng, visitPngLines } from './pngRows.ts';
import { withImageFile } from './readImage.ts';
import { describeContent, sniffFormat } from './sniff.ts';
import type { DecodedLabelMap } from './types.ts';

/** Label maps of more pixels are read line by line, so that only their labels are in memory. */
const MOST_HELD_PIXELS = 2 ** 24;

/**
 * Reads a label map file, see `decodeLabelMap`.
 *
 * @throws ImageError if there is no such readable file or it holds no label map
 */
export async function readLabelMap(path: string, limits: ImageLimits = {}): Promise<DecodedLabelMap> {
  return withImageFile(path, async ({ source, readAll }) => {
    if (isPng(source)) {
      const file = new PngFile(source, path, limits);
      if (file.header.width * file.header.height > MOST_HELD_PIXELS) return readByLines(file, source, path);
    }
    return decodeLabelMap(await readAll(), path, limits);
  });
}

async function readByLines(file: PngFile, source: ByteSource, name: string): Promise<DecodedLabelMap> {
  const { width, height, depth } = file.header;
  checkLabelKind(file.header, name);
  const data = newLabels(file.header);
  await visitPngLines(file, source, name, (bytes, at, columns, x, y, stepX) =>
    lineSamples(bytes, at, columns, depth, data, y * width + x, stepX),
  );
  return { width, height, data, notices: pngNotices(file, name) };
}

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

function newLabels({ width, height, depth }: PngHeader): Uint8Array | Uint16Array {
  return depth === 16 ? new Uint16Array(width * height) : new Uint8Array(width * height);
}

/** @throws ImageError for a picture whose samples are no labels */
function checkLabelKind({ colourType }: PngHeader, name: string): void {
  if (colourType === PNG_PALETTE || colourType === PNG_GREY) return;
  throw new ImageError(
    name,
    'is a PNG picture with colour or alpha channels; expected a label map: a PNG with a palette or of plain grey',
  );
}
