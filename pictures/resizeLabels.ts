import type { LabelMap } from '../clip/image/types.ts';

/**
 * Resizes a label map to the labels at the nearest pixel centres. Labels are names and not amounts, so none are mixed.
 * @returns uint16 `[height, width]`
 */
export function resizeLabels(
  labels: LabelMap,
  width: number,
  height: number,
): { width: number; height: number; data: Uint16Array } {
  const data = new Uint16Array(width * height);
  const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(((x + 0.5) * labels.width) / width));
  for (let y = 0, pixel = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * labels.height) / height) * labels.width;
    for (let x = 0; x < width; x++) data[pixel++] = labels.data[row + columns[x]];
  }
  return { width, height, data };
}
