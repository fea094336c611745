/** Offsets of the 8 neighbours, row-major, without the centre. */
const neighbours = [
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 0],
  [1, 1],
] as const;

/** What pixel-adaptive mask refinement needs; images are channel-first, row-major. */
export interface PamrInput {
  /** [3, H, W], normalised RGB (any number of channels works). */
  image: ArrayLike<number>;
  /** [K, H, W]: the map to refine, already at the image's size. */
  mask: ArrayLike<number>;
  height: number;
  width: number;
  /** 10 in the published settings. */
  iterations: number;
  /** [8, 16] in the published settings. */
  dilations: readonly number[];
}

/**
 * The weights of pixel-adaptive mask refinement. For every pixel and neighbour (8 per dilation, coordinates clamped to
 * the image): `softmax over all neighbours of mean over channels of -|x_neighbour - x| / (1e-8 + 0.1 std)`, where std
 * is per pixel and channel: the unbiased standard deviation of the 9 samples (centre included) of every dilation
 * together. Source: Araslanov and Roth, "Single-Stage Semantic Segmentation from Image Labels", CVPR 2020, section 4;
 * `pamr.py`, `LocalAffinityAbs`, `LocalStDev`, `PAMR.forward`.
 *
 * @returns float64 [dilations * 8, H, W]; over the first axis they add up to 1.
 */
export function pamrWeights({ image, height, width, dilations }: Omit<PamrInput, 'mask' | 'iterations'>): Float64Array {
  const pixels = height * width;
  const channels = image.length / pixels;
  const sampleCount = 9 * dilations.length;
  const weights = new Float64Array(8 * dilations.length * pixels);
  const samples = new Float64Array(sampleCount);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      for (let channel = 0; channel < channels; channel++) {
        const centre = image[channel * pixels + pixel];
        let filled = 0;
        for (const dilation of dilations) {
          samples[filled++] = centre;
          for (const [dy, dx] of neighbours) {
            samples[filled++] =
              image[channel * pixels + clampedIndex(y + dy * dilation, x + dx * dilation, height, width)];
          }
        }
        const mean = samples.reduce((sum, value) => sum + value, 0) / sampleCount;
        const variance = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sampleCount - 1);
        const scale = channels * (1e-8 + 0.1 * Math.sqrt(variance));
        let neighbour = 0;
        samples.forEach((value, sample) => {
          if (sample % 9 !== 0) weights[neighbour++ * pixels + pixel] -= Math.abs(value - centre) / scale;
        });
      }
      softmaxColumn(weights, pixel, pixels);
    }
  }
  return weights;
}

/**
 * Float64 oracle of pixel-adaptive mask refinement: in every iteration each value becomes the weighted mean of its
 * neighbours (not of itself), with weights that depend on the image only. Source: as `pamrWeights`; `pamr.py`,
 * `LocalAffinityCopy` and the loop of `PAMR.forward`.
 *
 * @returns float64 [K, H, W].
 */
export function pamrOracle(input: PamrInput): Float64Array {
  const { height, width, dilations } = input;
  const pixels = height * width;
  const weights = pamrWeights(input);
  let mask = Float64Array.from(input.mask);
  for (let iteration = 0; iteration < input.iterations; iteration++) {
    const refined = new Float64Array(mask.length);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let neighbour = 0;
        for (const dilation of dilations) {
          for (const [dy, dx] of neighbours) {
            const source = clampedIndex(y + dy * dilation, x + dx * dilation, height, width);
            const weight = weights[neighbour++ * pixels + y * width + x];
            for (let plane = 0; plane < mask.length; plane += pixels)
              refined[plane + y * width + x] += weight * mask[plane + source];
          }
        }
      }
    }
    mask = refined;
  }
  return mask;
}

/** Replicate padding. */
function clampedIndex(y: number, x: number, height: number, width: number): number {
  return Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1);
}

/** Softmax over the first axis at one pixel, in place. */
function softmaxColumn(values: Float64Array, pixel: number, pixels: number): void {
  let largest = -Infinity;
  for (let at = pixel; at < values.length; at += pixels) largest = Math.max(largest, values[at]);
  let sum = 0;
  for (let at = pixel; at < values.length; at += pixels) sum += values[at] = Math.exp(values[at] - largest);
  for (let at = pixel; at < values.length; at += pixels) values[at] /= sum;
}
