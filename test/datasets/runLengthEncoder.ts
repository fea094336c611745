import type { EncodedMask } from '../../datasets/convert/runLengths.ts';

/** Run lengths as COCO's `rleToString` writes them. */
export function encodeRunLengths(runs: readonly number[]): string {
  let text = '';
  runs.forEach((run, index) => {
    let value = index > 2 ? run - runs[index - 2] : run;
    for (let more = true; more;) {
      let bits = value & 31;
      value >>= 5;
      more = (bits & 16) !== 0 ? value !== -1 : value !== 0;
      if (more) bits |= 32;
      text += String.fromCharCode(bits + 48);
    }
  });
  return text;
}

/** A row-major mask of zeros and ones as COCO stores it. */
export function encodeMask(pixels: readonly number[], height: number, width: number): EncodedMask {
  const runs: number[] = [0];
  let current = 0;
  for (let column = 0; column < width; column++) {
    for (let row = 0; row < height; row++) {
      if (pixels[row * width + column] !== current) {
        runs.push(0);
        current = 1 - current;
      }
      runs[runs.length - 1]++;
    }
  }
  return { size: [height, width], counts: encodeRunLengths(runs) };
}
