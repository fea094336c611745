import type { LabelMap, RgbImage } from '../../clip/image/types.ts';
import { IGNORED_LABEL } from '../../datasets/confusion.ts';
import type { Colour } from '../../pictures/canvas.ts';
import { luma } from '../../pictures/greyBelow.ts';
import { hatching } from '../../pictures/hatching.ts';

/** Where the prediction is wrong. */
export const WRONG: Colour = [232, 52, 60];

/**
 * Where the prediction is right, brightness b of the image becomes LIFT + DIM b: never as dark as what surrounds the
 * panel.
 */
const DIM = 0.4;
const LIFT = 36;
/** Share of `WRONG` in the mixture with the image, which keeps outlines visible. */
const WRONG_SHARE = 0.75;

/**
 * A label map in its colours.
 *
 * @param palette RGB triples, one for every label that occurs
 * @param options.hatchIgnored hatch pixels of `IGNORED_LABEL` instead of giving them a colour
 * @returns uint8 `[H,W,3]`
 */
export function paintLabels(
  { width, height, data }: LabelMap,
  palette: Uint8Array,
  { scale, hatchIgnored }: { scale: number; hatchIgnored: boolean },
): RgbImage {
  return paint(width, height, (pixel, x, y, out) => {
    const label = data[pixel];
    if (hatchIgnored && label === IGNORED_LABEL) return out.set(hatching(x, y, scale), pixel * 3);
    for (let channel = 0; channel < 3; channel++) out[pixel * 3 + channel] = palette[label * 3 + channel];
  });
}

/**
 * Where a prediction is wrong: red there, a dim grey image where it is right, hatched where labels are ignored.
 * @returns uint8 `[H,W,3]`
 */
export function paintErrors(image: RgbImage, truth: LabelMap, prediction: LabelMap, scale: number): RgbImage {
  return paint(image.width, image.height, (pixel, x, y, out) => {
    const label = truth.data[pixel];
    if (label === IGNORED_LABEL) return out.set(hatching(x, y, scale), pixel * 3);
    const grey = LIFT + DIM * luma(image.data, pixel * 3);
    const share = label === prediction.data[pixel] ? 0 : WRONG_SHARE;
    for (let channel = 0; channel < 3; channel++)
      out[pixel * 3 + channel] = Math.round(grey * (1 - share) + WRONG[channel] * share);
  });
}

function paint(
  width: number,
  height: number,
  colour: (pixel: number, x: number, y: number, out: Uint8Array) => void,
): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, pixel = 0; y < height; y++) for (let x = 0; x < width; x++) colour(pixel++, x, y, data);
  return { width, height, data };
}
