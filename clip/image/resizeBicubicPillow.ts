import { checkResize } from './resizeBilinear.ts';
import type { RgbImage } from './types.ts';

/** Weights are integers in units of 2^-22: 32 bits less 8 for the sample and 2 for the overshoot. */
const PRECISION_BITS = 22;
/** Keys' parameter a; Pillow takes -0.5 (PyTorch's `interpolate` takes -0.75). */
const SHARPNESS = -0.5;
/** Half width of the kernel, in source pixels at scale 1. */
const KERNEL_RADIUS = 2;

/** The filter along one axis: what each output sample is made of. */
export interface AxisKernels {
  /** First source sample used, per output sample. */
  start: Int32Array;
  /** How many source samples are used, per output sample. */
  count: Int32Array;
  /** `[outSize, stride]` weights in 2^-22. */
  weights: Int32Array;
  stride: number;
}

/** Keys' cubic convolution kernel with a = -0.5. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((SHARPNESS + 2) * x - (SHARPNESS + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * SHARPNESS;
  return 0;
}

/**
 * Pillow's bicubic filter from `inSize` samples to `outSize`. When shrinking, the kernel is widened by the scale, which
 * smooths as much as is thrown away.
 */
export function axisKernels(inSize: number, outSize: number): AxisKernels {
  const scale = inSize / outSize;
  const widening = Math.max(scale, 1);
  const radius = KERNEL_RADIUS * widening;
  const stride = Math.ceil(radius) * 2 + 1;
  const start = new Int32Array(outSize);
  const count = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < outSize; i++) {
    const centre = (i + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - radius + 0.5));
    const end = Math.min(inSize, Math.trunc(centre + radius + 0.5));
    start[i] = begin;
    count[i] = end - begin;
    let sum = 0;
    for (let k = 0; k < end - begin; k++) {
      exact[k] = cubic((k + begin - centre + 0.5) * (1 / widening));
      sum += exact[k];
    }
    for (let k = 0; k < end - begin; k++) {
      const weight = sum === 0 ? exact[k] : exact[k] / sum;
      weights[i * stride + k] = Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
    }
  }
  return { start, count, weights, stride };
}

function toLevel(sum: number): number {
  const level = sum >> PRECISION_BITS;
  return level < 0 ? 0 : level > 255 ? 255 : level;
}

/**
 * One pass along one axis, the other two being kept: `[outer, inSize, inner]` to `[outer, outSize, inner]`, uint8.
 * Columns are the case outer = H, inner = 3; rows are outer = 1, inner = 3 W.
 */
function resizeAxis(source: Uint8Array, outer: number, inSize: number, outSize: number, inner: number): Uint8Array {
  const { start, count, weights, stride } = axisKernels(inSize, outSize);
  const out = new Uint8Array(outer * outSize * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < outSize; i++) {
      const first = (o * inSize + start[i]) * inner;
      for (let n = 0; n < inner; n++) {
        let sum = 1 << (PRECISION_BITS - 1);
        for (let k = 0; k < count[i]; k++) sum += source[first + k * inner + n] * weights[i * stride + k];
        out[to++] = toLevel(sum);
      }
    }
  }
  return out;
}

/**
 * Bicubic resize of uint8 pixels, bit for bit Pillow's `image.resize((width, height), Image.BICUBIC)`: antialiased when
 * shrinking, 22-bit integer weights, columns before rows with rounding to uint8 in between, a pass left out where the
 * size stays (Pillow, src/libImaging/Resample.c).
 *
 * @param image uint8 `[H,W,3]`
 * @returns uint8 `[height, width, 3]`
 * @throws ShapeError if a side is not a positive integer or the data does not have the stated size
 */
export function resizeBicubicPillow(image: RgbImage, width: number, height: number): RgbImage {
  checkResize(image, width, height, 'resizeBicubicPillow');
  let data = image.data;
  if (width !== image.width) data = resizeAxis(data, image.height, image.width, width, 3);
  if (height !== image.height) data = resizeAxis(data, 1, image.height, height, width * 3);
  return { width, height, data };
}
