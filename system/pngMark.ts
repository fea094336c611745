import { closeSync, openSync, readSync } from 'node:fs';
import { formatPixelsCrc, PIXELS, SOFTWARE } from './pngTexts.ts';

const SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Texts that are ours are shorter. */
const LONGEST_TEXT = 100;

/**
 * Whether a PNG file is as rfclip wrote it: marked as its work, with the pixels that the mark is of. One that is cut
 * off within its pixels counts: that is no work of anybody. Anything else, or nothing, is false.
 */
export function isMarkedPng(path: string): boolean {
  const texts = new Map<string, string>();
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const opened = file;
    const read = (position: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(opened, bytes, 0, length, position));
    };
    if (read(0, 8).toString('latin1') !== SIGNATURE) return false;
    for (let at = 8; ;) {
      const head = read(at, 8);
      if (head.length < 8) return texts.get(SOFTWARE.keyword) === SOFTWARE.text;
      const [length, type] = [head.readUInt32BE(0), head.toString('latin1', 4)];
      if (type === 'IDAT') return isWholeAsMarked(read(at + 8 + length, 12), texts);
      if (type === 'tEXt' && length <= LONGEST_TEXT) {
        const [keyword, text] = read(at + 8, length)
          .toString('latin1')
          .split('\0');
        texts.set(keyword, text);
      }
      at += 12 + length;
    }
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** @param after the first block of pixels: its CRC, then the next chunk's length and type */
function isWholeAsMarked(after: Buffer, texts: ReadonlyMap<string, string>): boolean {
  if (texts.get(SOFTWARE.keyword) !== SOFTWARE.text) return false;
  if (after.length < 12) return true;
  return after.toString('latin1', 8) === 'IEND' && texts.get(PIXELS) === formatPixelsCrc(after.readUInt32BE(0));
}
