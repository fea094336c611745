import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bilinear, bilinearInputRows } from '../../engine/index.ts';
import { bilinearOracle } from '../oracle/bilinear.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

/**
 * Each coordinate is off by at most 10 U of itself (division 5, product, difference, and the constants), which moves
 * the value by that times the difference of two neighbours, at most 2 max |x|; the weighted sum adds 8 U max |x|.
 */
function tolerance(height: number, width: number, largest: number): number {
  return (20 * (height + width) + 8) * U * largest;
}

describe('bilinear', () => {
  it.each(recordedCases('image/torch_bilinear'))('%s equals PyTorch', async (name) => {
    const checks = await expectRecorded(name, opened);
    if (name.endsWith('identity')) expectEqual(checks.computed.get('y')!, checks.input('x').values);
  });

  it('equals its oracle for any sizes, with and without aligned corners, with runs of 1 and 16 channels', async () => {
    const sizes = fc.record({
      batch: sides(3),
      height: sides(20),
      width: sides(20),
      channels: sides(40),
      outHeight: sides(40),
      outWidth: sides(40),
    });
    await fc.assert(
      fc.asyncProperty(sizes, seeds, async ({ batch, height, width, channels, outHeight, outWidth }, seed) => {
        const { device } = opened;
        const shape = [batch, height, width, channels];
        const x = randomFloats(seed, batch * height * width * channels, -2, 3);
        const results = await evaluateAll(device, () => {
          const tensor = device.tensor(x, shape);
          return KERNEL_CLASSES.flatMap((adapterClass) =>
            [false, true].map((alignCorners) =>
              asAdapterClass(device, adapterClass, () => bilinear(tensor, outHeight, outWidth, { alignCorners })),
            ),
          );
        });
        results.forEach((actual, i) => {
          const expected = bilinearOracle(x, shape, outHeight, outWidth, i % 2 === 1);
          expectClose({
            actual,
            expected,
            tolerance: tolerance(height, width, 3),
            shape: [batch, outHeight, outWidth, channels],
          });
        });
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('spreads a single pixel, and shrinks to a single pixel', async () => {
    const { device } = opened;
    const [spread, shrunk, aligned] = await evaluateAll(device, () => [
      bilinear(device.tensor([5, -2], [1, 1, 1, 2]), 3, 4),
      bilinear(device.tensor([1, 2, 3, 4], [1, 2, 2, 1]), 1, 1),
      bilinear(device.tensor([1, 2, 3, 4], [1, 2, 2, 1]), 1, 1, { alignCorners: true }),
    ]);
    expectEqual(
      spread,
      Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? 5 : -2)),
    );
    expectEqual(shrunk, [2.5]);
    expectEqual(aligned, [1]);
  });

  it('makes bands, from bands of its input, that are bit by bit rows of the whole', async () => {
    const sizes = fc.record({
      height: sides(30),
      width: sides(9),
      channels: sides(3),
      outHeight: sides(90),
      outWidth: sides(20),
      rows: sides(17),
    });
    await fc.assert(
      fc.asyncProperty(sizes, seeds, async ({ height, width, channels, outHeight, outWidth, rows }, seed) => {
        const { device } = opened;
        const x = randomFloats(seed, height * width * channels);
        const rowSize = width * channels;
        const [whole, ...bands] = await evaluateAll(device, () => {
          const parts = [bilinear(device.tensor(x, [1, height, width, channels]), outHeight, outWidth)];
          for (let firstRow = 0; firstRow < outHeight; firstRow += rows) {
            const count = Math.min(rows, outHeight - firstRow);
            const [first, end] = bilinearInputRows(height, outHeight, firstRow, count);
            const input = device.tensor(x.subarray(first * rowSize, end * rowSize), [1, end - first, width, channels]);
            parts.push(
              bilinear(input, outHeight, outWidth, {
                band: { firstRow, rows: count, inputFirstRow: first, inputHeight: height },
              }),
            );
          }
          return parts;
        });
        expectEqual(
          bands.flatMap((band) => Array.from(band)),
          whole,
        );
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('bilinearInputRows holds every row that the oracle reads', () => {
    fc.assert(
      fc.property(sides(500), sides(2000), sides(2000), sides(100), (height, outHeight, firstRow, rows) => {
        fc.pre(firstRow + rows <= outHeight);
        const [first, end] = bilinearInputRows(height, outHeight, firstRow, rows);
        const source = (out: number) => Math.max(0, ((out + 0.5) * height) / outHeight - 0.5);
        expect(first).toBeLessThanOrEqual(Math.floor(source(firstRow)));
        expect(end).toBeGreaterThan(Math.min(height - 1, Math.floor(source(firstRow + rows - 1)) + 1));
        expect(first).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(height);
      }),
    );
  });

  it('refuses operands that do not fit, and makes nothing of no rows', () => {
    const { device } = opened;
    const band = { firstRow: 4, rows: 4, inputFirstRow: 3, inputHeight: 8 };
    expect(shapeError(device, () => bilinear(device.zeros([1, 4, 4]), 8, 8))).toBe(
      'bilinear: x is [1, 4, 4], expected [?, ?, ?, ?]',
    );
    expect(shapeError(device, () => bilinear(device.zeros([1, 0, 4, 1]), 8, 8))).toBe(
      'bilinear: x is [1, 0, 4, 1], expected at least one pixel',
    );
    expect(shapeError(device, () => bilinear(device.zeros([1, 4, 4, 1], 'f16'), 8, 8))).toBe(
      'bilinear: x is f16, expected f32',
    );
    expect(shapeError(device, () => bilinear(device.zeros([1, 3, 4, 1]), 8, 8, { band }))).toBe(
      'bilinear: the band needs input rows 3..8, x holds 3..6',
    );
    expect(
      shapeError(device, () =>
        bilinear(device.zeros([1, 8, 4, 1]), 8, 8, { band: { ...band, inputFirstRow: 0 }, alignCorners: true }),
      ),
    ).toMatch(/^bilinear: the band needs/);
    device.scope(() => expect(bilinear(device.zeros([0, 4, 4, 1]), 8, 8).shape).toEqual([0, 8, 8, 1]));
  });
});
