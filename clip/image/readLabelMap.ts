import type { ByteSource } from './byteSource.ts';
import { checkLabelKind, decodeLabelMap, newLabels } from './decodeLabelMap.ts';
import { pngNotices } from './decodePng.ts';
import type { ImageLimits } from './limits.ts';
import { PngFile } from './pngFile.ts';
import { lineSamples } from './pngLines.ts';
import { isPng, visitPngLines } from './pngRows.ts';
import { withImageFile } from './readImage.ts';
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
