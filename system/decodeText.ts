import { isUtf8 } from 'node:buffer';
import { linesOf } from './linesOf.ts';

/** Bytes that are no text; continues a sentence that begins with the file's name. */
export interface TextProblem {
  problem: string;
}

type ByteOrder = 'utf-16le' | 'utf-16be';

/** Lists of millions of images are shorter; what is longer was named by mistake. */
const MOST_BYTES = 64 * 2 ** 20;

/** What a text does not hold: controls but tab, line feed and carriage return; what Unicode does not assign. */
const UNREADABLE = /[\p{Cn}\p{Co}\p{Cs}]|(?![\t\n\r])\p{Cc}/u;

/**
 * Decodes a text file's bytes: UTF-8, with or without byte order mark, or UTF-16 in either order, as Windows shells
 * write it, with its mark or where there is no doubt without one.
 *
 * @returns the text without mark, or what is wrong with the first bytes that are no text: line (from 1), byte of the
 *   file (from 1) and value
 */
export function decodeText(bytes: Uint8Array): string | TextProblem {
  if (bytes.length > MOST_BYTES) return { problem: `has ${bytes.length} bytes, which is too long for a text file` };
  if (startsWith(bytes, [0xff, 0xfe, 0, 0]) || startsWith(bytes, [0, 0, 0xfe, 0xff]))
    return { problem: 'is text in UTF-32, expected UTF-8 or UTF-16; save it as UTF-8' };
  if (startsWith(bytes, [0xff, 0xfe])) return decodeUtf16(bytes, 2, 'utf-16le');
  if (startsWith(bytes, [0xfe, 0xff])) return decodeUtf16(bytes, 2, 'utf-16be');
  const order = unmarkedOrder(bytes);
  return order === undefined ? decodeUtf8(bytes) : decodeUtf16(bytes, 0, order);
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

function decodeUtf8(bytes: Uint8Array): string | TextProblem {
  const zero = bytes.indexOf(0);
  if (isUtf8(bytes) && zero < 0) return new TextDecoder('utf-8').decode(bytes);
  // Whatever is no UTF-8 comes back as U+FFFD, so the first difference is the first wrong byte.
  const repaired = new TextEncoder().encode(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const first = bytes.findIndex((byte, index) => byte !== repaired[index] || byte === 0);
  const wrong = first < 0 ? bytes.length - 1 : first;
  return notText(bytes, wrong, linesOf(new TextDecoder('latin1').decode(bytes.subarray(0, wrong))).length);
}

function decodeUtf16(bytes: Uint8Array, from: number, order: ByteOrder): string | TextProblem {
  const text = utf16(bytes.subarray(from), order);
  const wrong = /\0|\p{Cs}/u.exec(text)?.index ?? -1;
  if (wrong < 0 && bytes.length % 2 === 0) return text;
  const at = wrong < 0 ? bytes.length - 1 : from + 2 * wrong;
  return notText(bytes, at, linesOf(text.slice(0, wrong < 0 ? undefined : wrong)).length);
}

/** Code units as they are: a decoder would replace what stands alone of a pair. */
function utf16(bytes: Uint8Array, order: ByteOrder): string {
  const units = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return (order === 'utf-16be' ? units.swap16() : units).toString('utf16le');
}

/**
 * The byte order of UTF-16 without a mark; undefined where it may be something else. UTF-8 has no zero bytes, and
 * UTF-16 has them where the high bytes are: of Latin letters, or, in other scripts, of line ends.
 */
function unmarkedOrder(bytes: Uint8Array): ByteOrder | undefined {
  const zeros = [0, 0];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) zeros[at % 2]++;
  const [fewer, more] = zeros.toSorted((a, b) => a - b);
  if (more === 0 || more < 2 * fewer || bytes.length % 2 !== 0) return undefined;
  const order = zeros[0] === more ? 'utf-16be' : 'utf-16le';
  const text = utf16(bytes, order);
  if (UNREADABLE.test(text)) return undefined;
  const isLatin = 2 * more >= text.length;
  const lineEnds = bytes.filter((byte) => byte === 0x0a || byte === 0x0d).length;
  return isLatin || (lineEnds > 0 && lineEnds === text.replace(/[^\n\r]/g, '').length) ? order : undefined;
}

function notText(bytes: Uint8Array, at: number, line: number): TextProblem {
  const value = `0x${bytes[at].toString(16).padStart(2, '0')}`;
  return {
    problem:
      `is no text in UTF-8 or UTF-16: line ${line} has the byte ${value}, number ${at + 1} of the file; ` +
      `save it as UTF-8`,
  };
}
