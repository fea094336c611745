import { expect, it } from 'vitest';
import { denoiseTokens, embedTokens, labelResized } from '../../engine/index.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, useDevice } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';

const opened = useDevice();

/** More rows than WebGPU has workgroups along an axis, where 64 threads share a row. */
const [gridHeight, gridWidth] = [256, 257];
const rows = gridHeight * gridWidth;
expect(rows).toBeGreaterThan(65_535);

it('fused ops on rows find them in a launch of more than 65535 workgroups', async () => {
  const { device } = opened;
  const width = 3;
  const results = await evaluateAll(device, () => {
    const x = device.tensor(randomFloats(1, rows * width, -2, 3), [1, rows, width]);
    const positions = device.tensor(randomFloats(2, (rows + 1) * width), [rows + 1, width]);
    const norm = { gamma: device.tensor([1, 2, 3], [3]), beta: device.tensor([0, 1, 0], [3]), epsilon: 1 };
    const options = { channels: device.tensor([1], [1], 'u32'), limit: 0.5, alpha: 0.4, gridHeight, gridWidth, norm };
    return KERNEL_CLASSES.flatMap((adapterClass) =>
      asAdapterClass(device, adapterClass, () => {
        const { tokens, total, normalised } = denoiseTokens(x, { ...options, previous: x });
        const { x: embedded, normalised: second } = embedTokens(x, positions, norm, norm);
        return [tokens, total!, normalised!, embedded, second];
      }),
    );
  });
  // A row of three, each value of at most 10: see the tests of both ops.
  const byClass = [results.slice(0, 5), results.slice(5)];
  for (const [i, actual] of byClass[1].entries()) expectClose({ actual, expected: byClass[0][i], tolerance: 400 * U });
});

it('an enlarged label map of more than 65535 workgroups is that of its bands', async () => {
  const { device } = opened;
  const [outHeight, outWidth] = [2049, 2048];
  expect(outHeight * outWidth).toBeGreaterThan(64 * 65_535);
  const [whole, ...bands] = await evaluateAll(device, () => {
    const x = device.tensor(randomFloats(3, 5 * 7 * 2), [5, 7, 2]);
    const classOf = device.tensor([0, 1], [2], 'u32');
    const label = (firstRow: number, count: number) => {
      const band = { firstRow, rows: count, inputFirstRow: 0, inputHeight: 5 };
      return labelResized(x, classOf, { outHeight, outWidth, band, scale: 1, threshold: 0 }).labels;
    };
    return [label(0, outHeight), label(0, 1024), label(1024, 1025)];
  });
  expect(new Set(whole.subarray(0, 4096)).size).toBe(2);
  const half = 1024 * outWidth;
  expectEqual((whole as Uint32Array).subarray(0, half), bands[0]);
  expectEqual((whole as Uint32Array).subarray(half), bands[1]);
});
