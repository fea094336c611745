import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPicture } from '../../clip/image/readPicture.ts';
import { normaliseForDense } from '../../clip/preprocess.ts';
import { networkSize } from '../../rfclip/prepareImage.ts';
import { DEFAULT_SETTINGS } from '../../rfclip/settings.ts';
import { planWindows } from '../../rfclip/slidingWindow.ts';

const FOLDER = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'examples', 'scenes');

/** Windows of the example scenes, as the network sees them: the first and the last of each, [3, window, window]. */
export async function sceneWindows(): Promise<Float32Array[]> {
  const { resize, window, stride } = DEFAULT_SETTINGS;
  const windows: Float32Array[] = [];
  for (const name of readdirSync(FOLDER)
    .filter((file) => file.endsWith('.jpg'))
    .sort()) {
    const path = join(FOLDER, name);
    const resizeTo = (width: number, height: number) => networkSize(width, height, resize);
    const { resized } = await readPicture(path, path, { resizeTo, shown: false });
    const { width, height } = resized;
    const pixels = normaliseForDense(resized); // [3, height, width]
    const boxes = planWindows(height, width, window, stride);
    for (const { y1, x1 } of [boxes[0], boxes.at(-1)!])
      windows.push(
        Float32Array.from({ length: 3 * window * window }, (_, i) => {
          const [channel, y, x] = [Math.floor(i / window / window), Math.floor(i / window) % window, i % window];
          return pixels[(channel * height + y1 + y) * width + x1 + x];
        }),
      );
  }
  return windows;
}

/** How much detail each patch of a window holds: the deviation of its pixels, mean over the channels. */
export function patchDetail(image: Float32Array, side: number, patch: number): Float64Array {
  const grid = side / patch;
  return Float64Array.from({ length: grid * grid }, (_, n) => {
    let detail = 0;
    for (let channel = 0; channel < 3; channel++) {
      let [sum, squares] = [0, 0];
      for (let y = 0; y < patch; y++)
        for (let x = 0; x < patch; x++) {
          const row = Math.floor(n / grid) * patch + y;
          const value = image[(channel * side + row) * side + (n % grid) * patch + x];
          sum += value;
          squares += value * value;
        }
      const mean = sum / (patch * patch);
      detail += Math.sqrt(Math.max(squares / (patch * patch) - mean * mean, 0)) / 3;
    }
    return detail;
  });
}
