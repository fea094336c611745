import type { ByteSource } from './byteSource.ts';
import type { PngFile } from './pngFile.ts';
import { passesOf } from './pngHeader.ts';
import { inflatePngPieces } from './pngInflate.ts';
import { filterDistance, unfilterLine } from './pngLines.ts';
import { sniffFormat } from './sniff.ts';

/**
 * Gets an unfiltered line.
 * @param bytes has the line's packed samples from `at` on; they change with the next line
 * @param columns how many pixels; `x` and `y` are the place of the first, `stepX` the distance between them
 */
export type LineVisitor = (bytes: Uint8Array, at: number, columns: number, x: number, y: number, stepX: number) => void;

/** Bytes that tell the format. */
const SIGNATURE_BYTES = 16;

/** Whether it is a PNG file. */
export function isPng(source: ByteSource): boolean {
  return sniffFormat(source.read(0, SIGNATURE_BYTES)) === 'png';
}

/**
 * Decompresses a PNG file piece by piece and visits its lines, of which two are in memory at a time.
 * @throws ImageError as `inflatePngPieces`, and for a filter that does not exist
 */
export async function visitPngLines(
  file: PngFile,
  source: ByteSource,
  name: string,
  visit: LineVisitor,
): Promise<void> {
  const distance = filterDistance(file.header);
  const passes = passesOf(file.header);
  const longest = 1 + Math.max(...passes.map(({ lineBytes }) => lineBytes));
  /** The line that is being read and the one above it, by turns. */
  const lines = new Uint8Array(2 * longest);
  let [pass, row, filled, start] = [0, 0, 0, 0];
  for await (const piece of inflatePngPieces(file, { name, size: source.size })) {
    for (let at = 0; at < piece.length;) {
      const { x, y, stepX, stepY, columns, rows, lineBytes } = passes[pass];
      const count = Math.min(1 + lineBytes - filled, piece.length - at);
      lines.set(piece.subarray(at, at + count), start + filled);
      at += count;
      filled += count;
      if (filled <= lineBytes) break;
      const above = row === 0 ? -1 : longest - start + 1;
      unfilterLine(lines, start, lineBytes, above, distance, name);
      visit(lines, start + 1, columns, x, y + row * stepY, stepX);
      [filled, start] = [0, longest - start];
      if (++row === rows) [pass, row] = [pass + 1, 0];
    }
  }
}
