import type { GroundTruth } from '../../datasets/labels.ts';

/** So many label maps in a row are no chance. */
const ENOUGH = 3;

/**
 * Watches label maps for binary masks, whose 255 stands for a class and not for pixels to ignore.
 * @param expected how many label maps will come
 * @param note is told once, as soon as the first label maps are all of that kind
 * @returns takes the label maps in their order
 */
export function watchForMasks(expected: number, note: (line: string) => void): (truth: GroundTruth) => void {
  let [binary, over] = [0, false];
  return ({ isBinary }) => {
    if (over) return;
    if (isBinary === true) binary++;
    over = isBinary !== true || binary === Math.min(ENOUGH, expected);
    if (!over || isBinary !== true) return;
    note(
      `note: the label ${binary === 1 ? 'map holds' : `maps of the first ${binary} images hold`} only 0 and 255, as ` +
        `binary masks do; 255 is ignored, so that class 0 alone counts. If 255 stands for class 1, start over with ` +
        `--label-map 255:1`,
    );
  };
}
