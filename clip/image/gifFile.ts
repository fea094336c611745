import { joinBytes } from '../../system/bytes.ts';
import { ImageError } from './imageError.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';

/** The first picture of a GIF file. */
export interface GifFile {
  /** Of the canvas. */
  width: number;
  height: number;
  /** RGB of what the picture does not cover. */
  background: Uint8Array;
  /** Where the picture lies on the canvas. */
  frame: { x: number; y: number; width: number; height: number };
  interlaced: boolean;
  /** RGB triples, 256 of them; black where the file has none. */
  palette: Uint8Array;
  /** Index whose pixels show the background, or -1. */
  transparent: number;
  /** Bits of an index, before compression. */
  indexBits: number;
  /** The compressed indices. */
  compressed: Uint8Array;
}

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const GRAPHIC_CONTROL = 0xf9;
const HEADER_BYTES = 13;

/**
 * Takes a GIF file apart as far as its first picture (GIF89a, sections 17 to 24), without decompressing it.
 *
 * @throws ImageError for a file that ends before the picture does or has none, a picture outside of its canvas, and one
 *   of no pixels or too many
 */
export function readGifFile(bytes: Uint8Array, name: string, limits: ImageLimits = {}): GifFile {
  const word = (at: number) => bytes[at] + bytes[at + 1] * 256;
  const need = (end: number): void => {
    if (end <= bytes.length) return;
    throw new ImageError(name, `is a GIF picture that ends after ${bytes.length} bytes, before its pixels do`, {
      fix: 'copy or download the file again',
    });
  };
  const damaged = (problem: string) => new ImageError(name, `is a damaged GIF picture: ${problem}`);
  /** The end of the sub-blocks that begin there. */
  const endOfBlocks = (at: number): number => {
    for (need(at + 1); bytes[at] !== 0; need(at + 1)) at += 1 + bytes[at];
    return at + 1;
  };

  need(HEADER_BYTES);
  const [width, height] = [word(6), word(8)];
  checkPictureSize(width, height, name, limits);
  const globalTable = readTable(bytes, HEADER_BYTES, bytes[10], need);
  const background = new Uint8Array(3);
  if (globalTable.colours > 0) background.set(globalTable.palette.subarray(3 * bytes[11], 3 * bytes[11] + 3));

  let transparent = -1;
  for (let at = globalTable.end; ;) {
    need(at + 1);
    if (bytes[at] === EXTENSION) {
      need(at + 7);
      if (bytes[at + 1] === GRAPHIC_CONTROL && (bytes[at + 3] & 1) === 1) transparent = bytes[at + 6];
      at = endOfBlocks(at + 2);
      continue;
    }
    if (bytes[at] !== IMAGE) throw damaged('it has no picture');
    need(at + 10);
    const frame = { x: word(at + 1), y: word(at + 3), width: word(at + 5), height: word(at + 7) };
    if (frame.width === 0 || frame.height === 0) throw damaged('its first picture has no pixels');
    if (frame.x + frame.width > width || frame.y + frame.height > height)
      throw damaged(`its first picture does not fit into ${width} x ${height} pixels`);
    const table = readTable(bytes, at + 10, bytes[at + 9], need);
    if (table.colours === 0 && globalTable.colours === 0) throw damaged('it has no colours');
    const { palette } = table.colours > 0 ? table : globalTable;
    need(table.end + 2);
    const indexBits = bytes[table.end];
    if (indexBits < 1 || indexBits > 8) throw damaged(`its indices have ${indexBits} bits, expected 1 to 8`);
    const parts: Uint8Array[] = [];
    for (let block = table.end + 1; bytes[block] !== 0; block += 1 + bytes[block]) {
      need(block + 2 + bytes[block]);
      parts.push(bytes.subarray(block + 1, block + 1 + bytes[block]));
    }
    const interlaced = (bytes[at + 9] & 0x40) !== 0;
    const compressed = joinBytes(parts);
    return { width, height, background, frame, interlaced, palette, transparent, indexBits, compressed };
  }
}

/** A table of colours if the flags say that there is one. */
function readTable(
  bytes: Uint8Array,
  start: number,
  flags: number,
  need: (end: number) => void,
): { palette: Uint8Array; colours: number; end: number } {
  const colours = (flags & 0x80) === 0 ? 0 : 2 << (flags & 7);
  const end = start + 3 * colours;
  need(end);
  const palette = new Uint8Array(3 * 256);
  palette.set(bytes.subarray(start, end));
  return { palette, colours, end };
}
