import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordedImage, SharedModels } from '../../conformance/index.ts';
import { type Device, openDevice } from '../../engine/index.ts';
import { evaluate } from '../support/device.ts';
import { openCase, parametersOf, recordedCases, recordings } from '../support/reference.ts';

/** Without subgroup matrices only weights are rounded; scripts/check-subgroup-matrices.mjs runs this with them. */
let device: Device;
let half: SharedModels;
let full: SharedModels;
beforeAll(async () => {
  device = await openDevice({ debug: '', precision: 'f16' });
  half = new SharedModels(device, recordings);
  full = new SharedModels(device, recordings);
});
afterAll(() => device.destroy());

/** Runs a body in f32 on the device that was opened for f16. */
async function inFull<Result>(body: () => Promise<Result>): Promise<Result> {
  const { products } = device;
  device.products = { precision: 'f32' };
  try {
    return await body();
  } finally {
    device.products = products;
  }
}

/** Relative size of a rounding to f16, which may also cut. */
const ROUNDING = 2 ** -10;

/** Products of a block that round their factors: qkv, scores, values, output, and the two of the MLP. */
const PRODUCTS = 6;

/**
 * To first order each product rounds two factors, which changes it by at most 2 ROUNDING of its size; all add up along
 * the residual stream, and the last LayerNorm and projection keep relative sizes. So features differ from those in f32
 * by at most 2 ROUNDING (PRODUCTS layers + 2) of the length of the longest, the 2 being patch embedding and projection.
 */
it.each(recordedCases('clip/visual/'))('dense features of %s in f16 are those in f32 within a bound', async (name) => {
  const checks = openCase(name);
  const { checkpoint } = parametersOf(checks);
  const { data, height, width } = recordedImage(checks);
  const features = (models: SharedModels) => {
    const { images } = models.model(checkpoint);
    return evaluate(device, () => images.encode(device.tensor(data, [1, 3, height, width])));
  };
  const rounded = await features(half);
  const exact = await inFull(() => features(full));

  const { embedding, vision } = half.model(checkpoint).images.config;
  const longest = (value: (i: number) => number) => {
    const rows = Array.from({ length: exact.length / embedding }, (_, row) => row * embedding);
    return Math.max(
      ...rows.map((first) => Math.hypot(...Array.from({ length: embedding }, (_, i) => value(first + i)))),
    );
  };
  const error = longest((i) => rounded[i] - exact[i]);
  // The recorded weights are exact in f16, so without matrices nothing is rounded.
  if (device.products.matrices !== undefined) expect(error).toBeGreaterThan(0);
  expect(error).toBeLessThan(2 * ROUNDING * (PRODUCTS * vision.layers + 2) * longest((i) => exact[i]));
});
