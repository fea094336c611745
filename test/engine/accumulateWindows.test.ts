import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulateWindows } from '../../engine/index.ts';
import { accumulateWindowsOracle } from '../oracle/accumulateWindows.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluate, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';

const opened = useDevice();
const sizes = fc.record({
  mapHeight: sides(6),
  mapWidth: sides(6),
  // Multiples of 4 go as vectors on a CPU.
  channels: fc.oneof(
    sides(40),
    fc.integer({ min: 1, max: 10 }).map((vectors) => 4 * vectors),
  ),
  windowHeight: sides(24),
  windowWidth: sides(24),
  canvasHeight: sides(40),
  canvasWidth: sides(40),
});

describe('accumulateWindows', () => {
  it('equals its oracle for any windows, in bands of rows, in runs of 1 and 4 channels and of vectors', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.integer({ min: 0, max: 6 }),
        sides(40),
        seeds,
        fc.constantFrom(...KERNEL_CLASSES),
        async (size, windows, bandRows, seed, adapterClass) => {
          const { device } = opened;
          const { mapHeight, mapWidth, channels, windowHeight, windowWidth, canvasHeight, canvasWidth } = size;
          const maps = randomFloats(seed, windows * mapHeight * mapWidth * channels, -2, 3);
          const corners = Array.from({ length: windows }, (_, w): [number, number] => [
            randomIntegers(seed + 2 * w, 1, canvasHeight)[0],
            randomIntegers(seed + 2 * w + 1, 1, canvasWidth)[0],
          ]);
          const bands = await evaluateAll(device, () => {
            const operands = [
              device.tensor(maps, [windows, mapHeight, mapWidth, channels]),
              device.tensor(corners.flat(), [windows, 2], 'u32'),
            ] as const;
            const parts = [];
            for (let firstRow = 0; firstRow < canvasHeight; firstRow += bandRows) {
              const rows = Math.min(bandRows, canvasHeight - firstRow);
              const placement = { windowHeight, windowWidth, canvasWidth, firstRow, rows };
              parts.push(asAdapterClass(device, adapterClass, () => accumulateWindows(...operands, placement)));
            }
            return parts;
          });
          const actual = bands.flatMap((band) => Array.from(band));
          // Interpolation as in bilinear.test.ts, then a mean of at most `windows` terms.
          const tolerance = (20 * (mapHeight + mapWidth) + 8 + windows + 5) * U * 3;
          expectClose({
            actual,
            expected: accumulateWindowsOracle(maps, corners, size),
            tolerance,
            shape: [canvasHeight, canvasWidth, channels],
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('averages where windows overlap and leaves 0 where there is none', async () => {
    const { device } = opened;
    const placement = { windowHeight: 1, windowWidth: 2, canvasWidth: 5, firstRow: 0, rows: 2 };
    const actual = await evaluate(device, () =>
      accumulateWindows(
        device.tensor([2, 6, 9], [3, 1, 1, 1]),
        device.tensor([0, 0, 0, 1, 1, 4], [3, 2], 'u32'),
        placement,
      ),
    );
    expectEqual(actual, [2, 4, 6, 0, 0, 0, 0, 0, 0, 9], [2, 5]);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const placement = { windowHeight: 2, windowWidth: 2, canvasWidth: 4, firstRow: 0, rows: 4 };
    const corners = (count: number) => device.zeros([count, 2], 'u32');
    expect(shapeError(device, () => accumulateWindows(device.zeros([2, 3, 3]), corners(2), placement))).toBe(
      'accumulateWindows: maps is [2, 3, 3], expected [?, ?, ?, ?]',
    );
    expect(shapeError(device, () => accumulateWindows(device.zeros([2, 3, 3, 1]), corners(3), placement))).toBe(
      'accumulateWindows: corners is [3, 2], expected [2, 2]',
    );
    expect(
      shapeError(device, () => accumulateWindows(device.zeros([2, 3, 3, 1]), device.zeros([2, 2]), placement)),
    ).toBe('accumulateWindows: corners is f32, expected u32');
    expect(shapeError(device, () => accumulateWindows(device.zeros([2, 3, 3, 1], 'f16'), corners(2), placement))).toBe(
      'accumulateWindows: maps is f16, expected f32',
    );
    expect(shapeError(device, () => accumulateWindows(device.zeros([2, 0, 3, 1]), corners(2), placement))).toBe(
      'accumulateWindows: maps are [2, 0, 3, 1], expected at least one cell',
    );
    device.scope(() =>
      expect(accumulateWindows(device.zeros([2, 3, 3, 1]), corners(2), { ...placement, rows: 0 }).shape).toEqual([
        0, 4, 1,
      ]),
    );
  });
});
