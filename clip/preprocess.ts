import { ShapeError } from '../engine/errors.ts';
import { resizeBicubicPillow } from './image/resizeBicubicPillow.ts';
import type { RgbImage } from './image/types.ts';

type PerChannel = readonly [number, number, number];

/**
 * Mean and deviation of R, G, B on the 0..255 scale, as the mmseg configurations of the segmentation methods state
 * them.
 */
const DENSE_MEAN: PerChannel = [122.771, 116.746, 104.094];
const DENSE_DEVIATION: PerChannel = [68.501, 66.632, 70.323];

/** Mean and deviation of R, G, B on the 0..1 scale, as CLIP was trained with. */
const CLIP_MEAN: PerChannel = [0.48145466, 0.4578275, 0.40821073];
const CLIP_DEVIATION: PerChannel = [0.26862954, 0.26130258, 0.27577711];

/**
 * (level / largest - mean) / deviation per channel, and from interleaved to planar: `[H,W,3]` uint8 to `[3,H,W]`
 * float32. A level has 256 values, so each channel is a table look-up; rounding to float32 happens after each step as
 * in PyTorch.
 */
function normalise(
  { width, height, data }: RgbImage,
  largest: number,
  mean: PerChannel,
  deviation: PerChannel,
): Float32Array {
  const pixels = width * height;
  if (data.length !== pixels * 3)
    throw new ShapeError(`normalisation got ${data.length} samples, expected ${height} x ${width} x 3`, 'preprocess');
  const out = new Float32Array(3 * pixels);
  const levels = levelTable(largest, mean, deviation);
  for (let channel = 0; channel < 3; channel++) {
    const table = levels.subarray(256 * channel, 256 * (channel + 1));
    const plane = channel * pixels;
    for (let i = 0; i < pixels; i++) out[plane + i] = table[data[3 * i + channel]];
  }
  return out;
}

/** What every level of every channel becomes: [3, 256]. */
function levelTable(largest: number, mean: PerChannel, deviation: PerChannel): Float32Array {
  return Float32Array.from({ length: 3 * 256 }, (_, i) => {
    const channel = i >> 8;
    const centred = Math.fround(Math.fround((i & 255) / largest) - Math.fround(mean[channel]));
    return centred / Math.fround(deviation[channel]);
  });
}

let dense: Float32Array | undefined;

/** What `normaliseForDense` makes of every level of every channel, [3, 256], for the device. Not to be changed. */
export function denseLevels(): Float32Array {
  return (dense ??= levelTable(1, DENSE_MEAN, DENSE_DEVIATION));
}

/**
 * The input of the dense image encoder: pixels of any size, normalised with the mean and deviation of the mmseg
 * configurations. (The release loads BGR and then swaps, so the values apply to R, G, B in this order.)
 *
 * @param image uint8 `[H,W,3]` RGB
 * @returns float32 `[3,H,W]`
 */
export function normaliseForDense(image: RgbImage): Float32Array {
  return normalise(image, 1, DENSE_MEAN, DENSE_DEVIATION);
}

/**
 * CLIP's own preprocessing for a whole-image feature: the short side is resized to `size` (the long one in proportion,
 * rounded down) with Pillow's bicubic filter, the centre square cut out, levels scaled to 0..1 and normalised.
 *
 * @param image uint8 `[H,W,3]` RGB
 * @param size side of the square in pixels, the model's input resolution
 * @returns float32 `[3,size,size]`
 */
export function clipPreprocess(image: RgbImage, size = 224): Float32Array {
  return normalise(resizeAndCentreCrop(image, size), 255, CLIP_MEAN, CLIP_DEVIATION);
}

/**
 * The uint8 half of `clipPreprocess`: `[H,W,3]` to `[size,size,3]` (torchvision `Resize`, `CenterCrop` on Pillow
 * images).
 */
export function resizeAndCentreCrop(image: RgbImage, size: number): RgbImage {
  const short = Math.min(image.width, image.height);
  const width = image.width === short ? size : Math.floor((size * image.width) / short);
  const height = image.height === short ? size : Math.floor((size * image.height) / short);
  return centreCrop(resizeBicubicPillow(image, width, height), size);
}

function centreCrop({ width, height, data }: RgbImage, size: number): RgbImage {
  const left = halfRoundedToEven(width - size);
  const top = halfRoundedToEven(height - size);
  const out = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const from = ((top + y) * width + left) * 3;
    out.set(data.subarray(from, from + size * 3), y * size * 3);
  }
  return { width: size, height: size, data: out };
}

/** Python's `round(margin / 2)`: an odd margin goes to the even one of the two neighbours. */
function halfRoundedToEven(margin: number): number {
  const half = Math.floor(margin / 2);
  return margin % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}
