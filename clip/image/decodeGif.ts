import { type GifFile, readGifFile } from './gifFile.ts';
import { ImageError } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import type { StoredImage } from './types.ts';

/** Codes of the dictionary have at most this many bits. */
const MOST_CODE_BITS = 12;

/** First row and row step of the four passes of an interlaced picture (GIF89a, appendix E). */
const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
];

/**
 * Decodes the first picture of a GIF file to RGB, as OpenCV 5 does: what it does not cover, and its transparent pixels,
 * have the background's colour.
 *
 * @returns `[H,W,3]` uint8
 * @throws ImageError for a damaged, truncated or too large picture
 */
export function decodeGif(bytes: Uint8Array, name: string, limits: ImageLimits = {}): StoredImage {
  const file = readGifFile(bytes, name, limits);
  const { width, height, background, frame, palette, transparent } = file;
  const indices = unpackIndices(file);
  if (indices.length < frame.width * frame.height) {
    throw new ImageError(
      name,
      `is a damaged GIF picture: it claims ${frame.width} x ${frame.height} pixels, but its data ends after ` +
        `${indices.length}`,
    );
  }
  const data = new Uint8Array(width * height * 3);
  if (background.some((level) => level > 0)) for (let to = 0; to < data.length; to += 3) data.set(background, to);
  let from = 0;
  for (const row of rowsOf(file)) {
    for (let x = 0, to = ((frame.y + row) * width + frame.x) * 3; x < frame.width; x++, to += 3) {
      const index = indices[from++];
      if (index === transparent) continue;
      data[to] = palette[3 * index];
      data[to + 1] = palette[3 * index + 1];
      data[to + 2] = palette[3 * index + 2];
    }
  }
  return { width, height, data, orientation: 1, notices: [] };
}

/** The rows of the picture in the order of the file. */
function* rowsOf({ frame: { height }, interlaced }: GifFile): Generator<number> {
  for (const [first, step] of interlaced ? PASSES : [[0, 1]])
    for (let row = first; row < height; row += step) yield row;
}

/**
 * Decompresses palette indices (GIF89a, appendix F: LZW with codes that grow from one bit more than an index has).
 * @returns as many as the picture needs, or fewer where the data ends or breaks
 */
function unpackIndices({ frame, indexBits, compressed }: GifFile): Uint8Array {
  const wanted = frame.width * frame.height;
  const clear = 1 << indexBits;
  const end = clear + 1;
  // An entry is the entry before it and one index more.
  const before = new Uint16Array(1 << MOST_CODE_BITS);
  const last = new Uint8Array(1 << MOST_CODE_BITS);
  const first = new Uint8Array(1 << MOST_CODE_BITS);
  const length = new Uint16Array(1 << MOST_CODE_BITS);
  for (let index = 0; index < clear; index++) [first[index], last[index], length[index]] = [index, index, 1];
  let out = new Uint8Array(Math.min(wanted, 1 << 16));
  let count = 0;
  let [codeBits, next, previous] = [indexBits + 1, clear + 2, -1];
  let [bits, held, at] = [0, 0, 0];
  while (count < wanted) {
    while (held < codeBits && at < compressed.length) {
      bits |= compressed[at++] << held;
      held += 8;
    }
    if (held < codeBits) break;
    const code = bits & ((1 << codeBits) - 1);
    bits >>>= codeBits;
    held -= codeBits;
    if (code === end) break;
    if (code === clear) {
      [codeBits, next, previous] = [indexBits + 1, clear + 2, -1];
      continue;
    }
    if (code >= next + (previous < 0 ? 0 : 1) || (previous < 0 && code >= clear)) break;
    if (previous >= 0 && next < before.length) {
      before[next] = previous;
      first[next] = first[previous];
      length[next] = length[previous] + 1;
      // The code may be the one that is being made: it begins as the previous one does.
      last[next] = first[code];
      next++;
      if (next === 1 << codeBits && codeBits < MOST_CODE_BITS) codeBits++;
    } else if (code >= next) break;
    const size = length[code];
    while (count + size > out.length && out.length < wanted) {
      const larger = new Uint8Array(Math.min(wanted, 2 * out.length));
      larger.set(out);
      out = larger;
    }
    for (let entry = code, to = count + size - 1; to >= count; to--, entry = before[entry])
      if (to < wanted) out[to] = last[entry];
    count += size;
    previous = code;
  }
  return out.subarray(0, Math.min(count, wanted));
}
