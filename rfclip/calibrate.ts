import type { ImageEncoder } from '../clip/imageEncoder.ts';
import { RfclipError } from '../engine/errors.ts';
import type { Tensor } from '../engine/tensor.ts';

/** Result of `calibrate`. */
export interface Calibration {
  /** The dimensions with the largest mean weight, ascending. */
  dimensions: number[];
  /** Mean weight of every dimension, in units of the uniform weight 1 / C. */
  weights: Float64Array;
}

/** Number of distraction dimensions in the published lists. */
const PUBLISHED_COUNT = 8;

/**
 * Finds the distraction dimensions of a checkpoint that has no published list, by the paper's analysis of mean weights:
 *
 *     weight[j] = mean over images, layers l and patches i of g_i^l[j] / sum over k of g_i^l[k]
 *     g_i^l     = f_i^l - min over k of f_i^l[k]     with f^l what leaves layer l
 *     D_dis     = the `count` dimensions with the largest weight
 *
 * The share is that of `locateDistractionTokens`. `images` yields normalised images [1, 3, H, W], which are disposed.
 * Source: RF-CLIP, the analysis of over-activated dimensions behind its distractor localisation.
 * @throws RfclipError when there is no image or `count` is not between 1 and the width.
 */
export async function calibrate(
  encoder: ImageEncoder,
  images: AsyncIterable<Tensor> | Iterable<Tensor>,
  count = PUBLISHED_COUNT,
): Promise<Calibration> {
  const C = encoder.config.vision.width;
  async function* layers(): AsyncGenerator<readonly Float32Array[]> {
    for await (const image of images) yield readLayers(encoder, image);
  }
  return calibrateLayers(layers(), C, count);
}

/**
 * `calibrate` from what left the layers, `readLayers` of every image.
 * @param C width of the image tower
 * @throws as `calibrate`, and what the source throws
 */
export async function calibrateLayers(
  images: AsyncIterable<readonly Float32Array[]>,
  C: number,
  count = PUBLISHED_COUNT,
): Promise<Calibration> {
  if (!(Number.isInteger(count) && count >= 1 && count <= C)) {
    throw new RfclipError(`calibrate: ${count} dimensions were asked for, expected 1 to ${C}`, {
      code: 'RFCLIP-CALIBRATE',
    });
  }
  const weights = new Float64Array(C);
  let tokens = 0;
  for await (const layers of images) for (const values of layers) tokens += addTokenWeights(values, C, weights);
  if (tokens === 0) throw new RfclipError('calibrate: no images were given', { code: 'RFCLIP-CALIBRATE' });
  for (let c = 0; c < C; c++) weights[c] *= C / tokens;
  const order = Array.from(weights.keys()).sort((a, b) => weights[b] - weights[a] || a - b);
  return { dimensions: order.slice(0, count).sort((a, b) => a - b), weights };
}

/** What leaves the layers, one [1, T, C] for each, of an image [1, 3, H, W], which is disposed. @throws DeviceError */
export async function readLayers(encoder: ImageEncoder, image: Tensor): Promise<Float32Array[]> {
  const layers: Tensor[] = [];
  try {
    recordLayers(encoder, image, layers);
    return (await encoder.device.readAll(layers)) as Float32Array[];
  } finally {
    image.dispose();
    for (const layer of layers) layer.dispose();
  }
}

function recordLayers(encoder: ImageEncoder, image: Tensor, layers: Tensor[]): void {
  const { device } = encoder;
  device.scope(() => {
    encoder.runBlocks(encoder.begin(image), 0, encoder.blocks.length, {
      afterBlock: (x) => {
        layers.push(device.withoutScope(() => x.clone()));
        return x;
      },
    });
  });
}

/** Adds g / sum(g), g = x - min(x), of every patch row of x [T, C] (CLS left out); returns the number of rows. */
function addTokenWeights(x: Float32Array, C: number, weights: Float64Array): number {
  const T = x.length / C;
  for (let t = 1; t < T; t++) {
    const row = x.subarray(t * C, (t + 1) * C);
    let min = Infinity;
    let sum = 0;
    for (const value of row) {
      min = Math.min(min, value);
      sum += value;
    }
    const mass = sum - C * min;
    if (mass > 0) for (let c = 0; c < C; c++) weights[c] += (row[c] - min) / mass;
  }
  return T - 1;
}
