import { Readable } from 'node:stream';
import { constants, createInflate, inflateSync } from 'node:zlib';
import { reasonOf } from './imageError.ts';
import { compressedData, type DataEnd, type PngOrigin, settleData } from './pngData.ts';
import { type PngFile, truncatedPng } from './pngFile.ts';
import { damagedPng, scanLineBytes } from './pngHeader.ts';

/** So much behind the picture is decompressed and dropped; where there is more, its beginning is looked for. */
const SPARE_BYTES = 1 << 20;

/**
 * Decompresses the data of a PNG file in memory.
 *
 * Decompression is bounded by what the header announces, so that neither a lying header nor a deflate bomb makes this
 * allocate more than an honest file does. Data that goes on behind the pixels is dropped, as libpng does.
 *
 * @returns the scan lines, still filtered; as many bytes as the header demands
 * @throws ImageError if there are fewer, or they cannot be decompressed
 */
export function inflatePng(file: PngFile, origin: PngOrigin): Uint8Array {
  const expected = scanLineBytes(file.header);
  const compressed = compressedData(file, origin);
  const { lines, ...end } = decompress(compressed, expected, (error) => failed(error, file, origin));
  settleData(file, origin, lines.length, end);
  return lines.length > expected ? lines.subarray(0, expected) : lines;
}

/**
 * The same piece by piece, for files and pictures that should not be held in memory. All of the file is read.
 * @throws as `inflatePng`, at the end of the data at the latest
 */
export async function* inflatePngPieces(file: PngFile, origin: PngOrigin): AsyncGenerator<Uint8Array, void, undefined> {
  const expected = scanLineBytes(file.header);
  const data = file.data();
  const stream = createInflate({ chunkSize: 1 << 18 });
  let fed = 0;
  const feed = Readable.from(copies(data, (length) => (fed += length)));
  feed.on('error', (error) => stream.destroy(error));
  feed.pipe(stream);
  let received = 0;
  let isEnded = true;
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      const rest = expected - received;
      received += piece.length;
      if (rest > 0) yield piece.length > rest ? piece.subarray(0, rest) : piece;
      if (received > expected) break;
    }
  } catch (error) {
    if (!isEarlyEnd(error)) throw failed(error, file, origin);
    isEnded = false;
  } finally {
    feed.destroy();
    stream.destroy();
  }
  const hasMore = received > expected || (isEnded && stream.bytesWritten < fed);
  for (const piece of data) void piece;
  settleData(file, origin, received, { isEnded, hasMore });
}

/** Pieces are good until the next one, which the decompressor does not wait for. */
function* copies(
  pieces: Iterable<Uint8Array>,
  count: (length: number) => void,
): Generator<Uint8Array, void, undefined> {
  for (const piece of pieces) {
    count(piece.length);
    yield Uint8Array.from(piece);
  }
}

/** The lines, perhaps some bytes more, and how the compressed data ended. @throws what `fail` makes of an error */
function decompress(
  compressed: Uint8Array,
  expected: number,
  fail: (error: unknown) => Error,
): { lines: Uint8Array } & DataEnd {
  try {
    const { lines, used } = inflate(compressed, expected, constants.Z_FINISH);
    return { lines, isEnded: true, hasMore: used < compressed.length };
  } catch (error) {
    // What is broken behind the pixels may have been broken before them: there is no checksum that says otherwise.
    const isTooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (!isEarlyEnd(error))
      return { lines: shortest(compressed, expected, fail(error)), isEnded: isTooLong, hasMore: true };
  }
  try {
    return { lines: inflate(compressed, expected, constants.Z_SYNC_FLUSH).lines, isEnded: false, hasMore: false };
  } catch (error) {
    return { lines: shortest(compressed, expected, fail(error)), isEnded: false, hasMore: true };
  }
}

function inflate(compressed: Uint8Array, expected: number, finishFlush: number): { lines: Uint8Array; used: number } {
  // The result's type is that without `info`.
  const { buffer, engine } = inflateSync(compressed, {
    maxOutputLength: expected + SPARE_BYTES,
    chunkSize: Math.min(Math.max(expected + 1, 64), 1 << 20),
    finishFlush,
    info: true,
  }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
  return { lines: buffer, used: engine.bytesWritten };
}

/**
 * The lines, from as short a beginning of the data as has them: all of it is too much to decompress, or is broken
 * behind them.
 * @throws `failure` if no beginning has more than them
 */
function shortest(compressed: Uint8Array, expected: number, failure: Error): Uint8Array {
  let [tooShort, enough] = [0, compressed.length];
  while (enough - tooShort > 1) {
    const length = (tooShort + enough) >> 1;
    try {
      const { lines } = inflate(compressed.subarray(0, length), expected, constants.Z_SYNC_FLUSH);
      if (lines.length > expected) return lines;
      tooShort = length;
    } catch {
      enough = length;
    }
  }
  throw failure;
}

function isEarlyEnd(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';
}

function failed(error: unknown, file: PngFile, { name, size }: PngOrigin): Error {
  if ((error as { code?: string }).code?.startsWith('Z_') !== true) return error as Error;
  if (file.isTruncated) return truncatedPng(name, size);
  return damagedPng(name, `its data cannot be decompressed (${reasonOf(error)})`, error);
}
