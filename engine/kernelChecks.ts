import { attentionRow } from './attentionRow.ts';
import type { Device } from './device.ts';
import { floatsToHalves, halvesToFloats, type HostArray } from './dtype.ts';
import { prefersAttentionTiles } from './ops/attentionTiles.ts';
import { bilinear } from './ops/bilinear.ts';
import { blend } from './ops/blend.ts';
import { boxAverage } from './ops/boxAverage.ts';
import { channelShare } from './ops/channelShare.ts';
import { compareLabels } from './ops/compareLabels.ts';
import { denoiseTokens } from './ops/denoiseTokens.ts';
import { inEqualParts } from './ops/equalParts.ts';
import { flashAttention } from './ops/flashAttention.ts';
import { labelPixels } from './ops/labelPixels.ts';
import { labelResized } from './ops/labelResized.ts';
import { layerNorm } from './ops/layerNorm.ts';
import { maskedSelect } from './ops/maskedSelect.ts';
import { matmul, matmulViews } from './ops/matmul.ts';
import { matricesOf } from './ops/matrixViews.ts';
import { packBytes } from './ops/normalisePixels.ts';
import { softmax } from './ops/softmax.ts';
import { softmaxScores } from './ops/softmaxScores.ts';
import { greaterThan } from './ops/threshold.ts';
import type { Tensor } from './tensor.ts';

/** Whether a family of kernels computes right on a device, by those that this device takes by default. */
export interface KernelCheck {
  family: string;
  /** What was computed. */
  what: string;
  largestError: number;
  /** 0 where results must be equal. */
  tolerance: number;
  ok: boolean;
}

/** Rounding of float32. */
const U = 2 ** -24;

/**
 * Checks one small case of every family but matrix products in f32, which `checkMatmul` checks: attention and its
 * weights against float64, what a GPU does in one launch against the ops that it is made of, images that go together
 * against each alone, and products in f16 where the device computes in it.
 * @throws DeviceError when the device fails
 */
export async function checkKernels(device: Device): Promise<KernelCheck[]> {
  return [
    ...(await checkAttention(device)),
    await checkTokens(device),
    await checkLabels(device),
    await checkTogether(device),
    ...(device.products.precision === 'f16' ? [await checkHalf(device)] : []),
  ];
}

/** Two heads of 70 tokens, which are no multiple of any tile, and 64 channels. */
async function checkAttention(device: Device): Promise<KernelCheck[]> {
  const [heads, tokens, width] = [2, 70, 64];
  const shape = [1, heads, tokens, width];
  const square = [1, heads, tokens, tokens];
  const parts = [1, 2, 3].map((seed) => values(heads * tokens * width, seed));
  const options = { scale: 1 / Math.sqrt(width) };
  const [mixed, weights] = await readAll(device, () => {
    const [query, key, value] = parts.map((part) => matricesOf(device.tensor(part, shape)));
    const out = device.empty(shape);
    if (prefersAttentionTiles(device, width)) {
      flashAttention(query, key, value, matricesOf(out), options);
      return [out, softmaxScores(query, key, options)];
    }
    const scores = device.empty(square);
    matmulViews(query, key, matricesOf(scores), { transposeB: true });
    const shares = softmax(scores, options);
    matmulViews(matricesOf(shares), value, matricesOf(out));
    return [out, shares];
  });
  const expected = attentionInDoubles(parts, { heads, tokens, width, scale: options.scale });
  // Of a share: two exponentials of logits up to `reach`, each of which rounds `width` times, and a sum of all.
  const tolerance = (2 * (13 + (4 * width + 28) * expected.reach) + tokens + 4) * U;
  return [
    compared('attention', `${heads} heads of [${tokens}, ${width}]`, mixed, expected.mixed, tolerance + tokens * U),
    compared('softmax', `the weights of these heads`, weights, expected.weights, tolerance),
  ];
}

function attentionInDoubles(
  parts: readonly Float32Array[],
  { heads, tokens, width, scale }: { heads: number; tokens: number; width: number; scale: number },
): { weights: number[]; mixed: number[]; reach: number } {
  const rows = Array.from({ length: heads }, (_, head) => {
    const [query, key, value] = parts.map((part) => part.subarray(head * tokens * width, (head + 1) * tokens * width));
    return Array.from({ length: tokens }, (__, row) =>
      attentionRow(query.subarray(row * width, (row + 1) * width), key, value, scale),
    );
  }).flat();
  return {
    weights: rows.flatMap(({ weights }) => [...weights]),
    mixed: rows.flatMap(({ mixed }) => [...mixed]),
    reach: Math.max(...rows.map(({ reach }) => reach)),
  };
}

/** Denoising and the LayerNorm behind it, of a grid whose tokens are distracted or not. */
async function checkTokens(device: Device): Promise<KernelCheck> {
  const [gridHeight, gridWidth, width, limit, alpha] = [5, 7, 96, 0.02, 0.4];
  const shape = [2, 1 + gridHeight * gridWidth, width];
  const [fused, composed] = await readAll(device, () => {
    const x = device.tensor(values(shape[0] * shape[1] * width, 4), shape);
    const channels = device.tensor([3, 50], [2], 'u32');
    const [gamma, beta] = [5, 6].map((seed) => device.tensor(values(width, seed), [width]));
    const grid = { gridHeight, gridWidth, skip: 1 };
    const { normalised } = denoiseTokens(x, { ...grid, channels, limit, alpha, norm: { gamma, beta } });
    const replaced = greaterThan(channelShare(x, channels), limit);
    const average = boxAverage(x, gridHeight, gridWidth, 1);
    const tokens = blend(x, 1 - alpha, maskedSelect(replaced, average, x), alpha);
    return [normalised!, layerNorm(tokens, gamma, beta)];
  });
  // Normalised values are below 4, gammas and betas below 1; sums of `width` round as often.
  return compared('tokens', 'denoising and LayerNorm', fused, composed, 2 * (width + 30) * 5 * U);
}

/** A map enlarged twice, whose values are all exact, so that labels must be equal; and how they meet others. */
async function checkLabels(device: Device): Promise<KernelCheck> {
  const [height, width, queries] = [9, 13, 5];
  const [outHeight, outWidth] = [2 * height, 2 * width];
  const pixels = outHeight * outWidth;
  const logits = Float32Array.from(values(height * width * queries, 7), (value) => Math.round(8 * value));
  const truth = Uint8Array.from({ length: pixels }, (_, i) => i % queries);
  const classOf = Array.from({ length: queries }, (_, query) => query);
  const [found, expected, counts] = await readAll(device, () => {
    const x = device.tensor(logits, [height, width, queries]);
    const ofQuery = device.tensor(classOf, [queries], 'u32');
    const band = { firstRow: 0, rows: outHeight, inputFirstRow: 0, inputHeight: height };
    const { labels } = labelResized(x, ofQuery, { outHeight, outWidth, band, scale: 1, threshold: 0 });
    const enlarged = bilinear(x.reshape([1, height, width, queries]), outHeight, outWidth).reshape([pixels, queries]);
    const words = packBytes(truth);
    const sums = device.zeros([queries + 1, queries + 1], 'u32');
    compareLabels(labels, device.tensor(words, [words.length], 'u32'), sums, { ignored: 255 });
    return [labels, labelPixels(enlarged, ofQuery, { classes: queries, scale: 1, threshold: 0 }).labels, sums];
  });
  const own = new Uint32Array(counts.length);
  truth.forEach((label, pixel) => own[label * (queries + 1) + expected[pixel]]++);
  const what = 'enlarging, labelling, counting';
  return compared('labels', what, [...found, ...counts], [...expected, ...own], 0);
}

/** Four images that share a product, whose bits are those of each alone. */
async function checkTogether(device: Device): Promise<KernelCheck> {
  const [images, m, n, k] = [4, 130, 768, 96];
  const rows = values(images * m * k, 8);
  const [together, ...alone] = await readAll(device, () => {
    const b = device.tensor(values(n * k, 9), [n, k]);
    const product = (x: Float32Array) => matmul(device.tensor(x, [x.length / k, k]), b, { transposeB: true });
    return [
      inEqualParts(images, () => product(rows)),
      ...Array.from({ length: images }, (_, i) => product(rows.subarray(i * m * k, (i + 1) * m * k))),
    ];
  });
  const expected = alone.flatMap((product) => [...product]);
  return compared('together', `${images} images of [${m}, ${k}] as alone`, together, expected, 0);
}

/** Products with weights in f16 of the sizes of a ViT-B/16, which take different tiles. */
async function checkHalf(device: Device): Promise<KernelCheck> {
  const [k, step] = [768, 61];
  const sizes = [
    [197, 768],
    [197, 2304],
    [589, 3072],
  ] as const;
  const [m, n] = [589, 3072];
  const [a, b] = [halves(m * k, 10), halves(n * k, 11)];
  const products = await readAll(device, () => {
    const weights = device.tensor(b.bits, [n, k], 'f16');
    return sizes.map(([rows, columns]) =>
      matmul(device.tensor(a.floats.subarray(0, rows * k), [rows, k]), weights.rows(0, columns), { transposeB: true }),
    );
  });
  const found: number[] = [];
  const expected: number[] = [];
  let size = 0;
  for (const [i, [rows, columns]] of sizes.entries()) {
    for (let p = 0; p < rows * columns; p += step) {
      const [row, column] = [Math.floor(p / columns) * k, (p % columns) * k];
      let [sum, magnitude] = [0, 0];
      for (let c = 0; c < k; c++) {
        const term = a.floats[row + c] * b.floats[column + c];
        sum += term;
        magnitude += Math.abs(term);
      }
      found.push(products[i][p]);
      expected.push(sum);
      size = Math.max(size, magnitude);
    }
  }
  // Matrix units may cut the last bit of a sum.
  return compared('f16', `[${m}, ${k}] x [${k}, ${n}] and smaller`, found, expected, (k + 1) * 2 * U * size);
}

async function readAll(device: Device, body: () => readonly Tensor[]): Promise<HostArray[]> {
  const tensors = device.scope(body);
  try {
    return await device.readAll(tensors);
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}

function compared(
  family: string,
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): KernelCheck {
  let largestError = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    // A NaN is larger than all.
    if (!(error <= largestError)) largestError = Number.isNaN(error) ? Infinity : error;
  }
  return { family, what, largestError, tolerance, ok: largestError <= tolerance };
}

/** Values in [-1, 1), the same every time. */
function values(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

function halves(count: number, seed: number): { bits: Uint16Array; floats: Float32Array } {
  const bits = floatsToHalves(Array.from(values(count, seed)));
  return { bits, floats: halvesToFloats(bits) };
}
