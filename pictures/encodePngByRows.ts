import { Readable } from 'node:stream';
import { createDeflate } from 'node:zlib';
import { assemblePng, GREY, PALETTE } from './encodePng.ts';

/** Lines that are compressed at a time hold about this many bytes. */
const BLOCK_BYTES = 1 << 18;

/**
 * `encodePalettePng`, or `encodeGrey16Png` where there is no palette, without ever holding all lines: for very large
 * label maps.
 *
 * @param labels uint8 or uint16 `[height, width]`
 * @param palette RGB triples, at most 256
 */
export async function encodeLabelsByRows(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  palette: Uint8Array | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  const lines = Readable.from(labelLines(labels, width, height, palette === undefined ? 2 : 1));
  for await (const piece of lines.pipe(createDeflate({ chunkSize: BLOCK_BYTES })) as AsyncIterable<Uint8Array>)
    pieces.push(piece);
  const compressed = Buffer.concat(pieces);
  return palette === undefined
    ? assemblePng(width, height, 16, GREY, undefined, compressed)
    : assemblePng(width, height, 8, PALETTE, palette, compressed);
}

/** Lines without a filter, some at a time. */
function* labelLines(
  labels: Uint8Array | Uint16Array,
  width: number,
  height: number,
  bytes: 1 | 2,
): Generator<Uint8Array> {
  const lineBytes = 1 + width * bytes;
  const most = Math.max(1, Math.floor(BLOCK_BYTES / lineBytes));
  for (let first = 0; first < height; first += most) {
    const rows = Math.min(most, height - first);
    const block = Buffer.alloc(rows * lineBytes);
    for (let row = 0; row < rows; row++) {
      const line = labels.subarray((first + row) * width, (first + row + 1) * width);
      if (bytes === 1) block.set(line, row * lineBytes + 1);
      else line.forEach((label, x) => block.writeUInt16BE(label, row * lineBytes + 1 + 2 * x));
    }
    yield block;
  }
}
