/** A mask as COCO's JSON files store it: run lengths down the columns, compressed to a string. */
export interface EncodedMask {
  /** Height, width. */
  size: readonly [number, number];
  counts: string;
}

/** Characters start at '0'; each carries 5 bits, and bit 5 says that more follow. */
const FIRST_CHARACTER = 48;

/**
 * Run lengths of a compressed mask: pixels outside, inside, outside, ... Numbers are little-endian groups of 5 bits
 * with the sign in the last group; from the fourth on they are differences from the number two before. Source:
 * `maskApi.c` of the COCO API, `rleFrString`.
 *
 * @throws RangeError for characters that do not occur, a number that does not end, or a negative length
 */
export function decodeRunLengths(counts: string): number[] {
  const runs: number[] = [];
  for (let at = 0; at < counts.length;) {
    let value = 0;
    let shift = 0;
    for (let more = true; more; shift += 5) {
      const bits = counts.charCodeAt(at++) - FIRST_CHARACTER;
      if (!(bits >= 0 && bits < 64) || shift > 30) throw new RangeError(`character ${at} is no part of a run length`);
      value += (bits & 31) * 2 ** shift;
      more = (bits & 32) !== 0;
      if (!more && (bits & 16) !== 0) value -= 2 ** (shift + 5);
    }
    if (runs.length > 2) value += runs[runs.length - 2];
    if (value < 0) throw new RangeError(`run ${runs.length + 1} has a negative length`);
    runs.push(value);
  }
  return runs;
}

/**
 * Sets the pixels of a mask to a value.
 *
 * @param target row-major [height, width] of the mask's size, changed in place
 * @throws RangeError as `decodeRunLengths`, or if the runs do not fill the mask exactly
 */
export function paintMask({ size, counts }: EncodedMask, value: number, target: Uint16Array): void {
  const [height, width] = size;
  const runs = decodeRunLengths(counts);
  const pixels = runs.reduce((total, run) => total + run, 0);
  if (pixels !== height * width || target.length !== pixels)
    throw new RangeError(`its runs cover ${pixels} pixels, expected ${target.length}`);
  let at = 0;
  runs.forEach((run, index) => {
    if (index % 2 === 1) {
      for (let i = at; i < at + run; i++) target[(i % height) * width + Math.floor(i / height)] = value;
    }
    at += run;
  });
}
