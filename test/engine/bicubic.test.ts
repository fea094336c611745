import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bicubic } from '../../engine/index.ts';
import { bicubicOracle, cubicWeight } from '../oracle/bicubic.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, openCase, parametersOf, recordedCases } from '../support/reference.ts';

const opened = useDevice();

/**
 * A coordinate c is off by 8 U (|c| + 1); its weights change by at most 1.7 for every pixel, so the value by 16 times
 * 1.7 of that (four weights in each of two axes, whose absolute sums are at most 1.6) and rounding in 16 products.
 */
function tolerance(extent: number, largest: number): number {
  return (220 * (extent + 1) + 60) * U * largest;
}

describe('bicubic', () => {
  it.each(recordedCases('image/pos_embed_'))('%s equals the published interpolation of positions', async (name) => {
    const checks = await expectRecorded(name, opened);
    const { values, shape } = checks.input('pos_embed');
    expectEqual(Array.from(checks.computed.get('interpolated')!).slice(0, shape[1]), values.subarray(0, shape[1]));
  });

  it.each(recordedCases('image/pos_embed_').filter((name) => parametersOf(openCase(name)).scale_factor === null))(
    'copies %s with steps of 1, as the published code does without a scale factor',
    async (name) => {
      const { device } = opened;
      const checks = openCase(name);
      const { values, shape } = checks.input('pos_embed');
      const side = parametersOf(checks).source_grid[0];
      const patches = await evaluate(device, () =>
        bicubic(device.tensor(values.subarray(shape[1]), [side, side, shape[1]]), side, side, 1, 1),
      );
      expectEqual(patches, checks.output('interpolated').values.subarray(shape[1]));
    },
  );

  it('equals its oracle for any sizes and steps', async () => {
    const sizes = fc.record({
      height: sides(15),
      width: sides(15),
      channels: sides(7),
      outHeight: sides(30),
      outWidth: sides(30),
    });
    const steps = fc.option(
      fc.tuple(fc.double({ min: 0.1, max: 4, noNaN: true }), fc.double({ min: 0.1, max: 4, noNaN: true })),
      { nil: [undefined, undefined] as const },
    );
    await fc.assert(
      fc.asyncProperty(
        sizes,
        steps,
        seeds,
        async ({ height, width, channels, outHeight, outWidth }, [stepY, stepX], seed) => {
          const { device } = opened;
          const x = randomFloats(seed, height * width * channels, -2, 3);
          const actual = await evaluate(device, () =>
            bicubic(device.tensor(x, [height, width, channels]), outHeight, outWidth, stepY, stepX),
          );
          const expected = bicubicOracle(x, [height, width, channels], outHeight, outWidth, stepY, stepX);
          const extent = Math.max(outHeight * (stepY ?? height / outHeight), outWidth * (stepX ?? width / outWidth));
          expectClose({ actual, expected, tolerance: tolerance(extent, 3), shape: [outHeight, outWidth, channels] });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('has weights that add up to 1, so that one pixel is spread and a constant stays', async () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (t) => {
        expect([-1, 0, 1, 2].reduce((sum, k) => sum + cubicWeight(t - k), 0)).toBeCloseTo(1, 12);
      }),
    );
    const { device } = opened;
    const actual = await evaluate(device, () => bicubic(device.tensor([5, -2], [1, 1, 2]), 7, 3));
    expectClose({
      actual,
      expected: Array.from({ length: 42 }, (_, i) => (i % 2 === 0 ? 5 : -2)),
      tolerance: 5 * 16 * U,
    });
  });

  it('refuses operands that do not fit, and makes nothing of no rows', () => {
    const { device } = opened;
    expect(shapeError(device, () => bicubic(device.zeros([4, 4]), 2, 2))).toBe(
      'bicubic: x is [4, 4], expected [?, ?, ?]',
    );
    expect(shapeError(device, () => bicubic(device.zeros([4, 4, 1], 'u32'), 2, 2))).toBe(
      'bicubic: x is u32, expected f32',
    );
    expect(shapeError(device, () => bicubic(device.zeros([4, 0, 1]), 2, 2))).toBe(
      'bicubic: x is [4, 0, 1], expected at least one pixel',
    );
    expect(shapeError(device, () => bicubic(device.zeros([4, 4, 1]), 2.5, 2))).toBe(
      'tensor: [2.5, 2, 1] is not a shape',
    );
    device.scope(() => expect(bicubic(device.zeros([4, 4, 1]), 0, 2).shape).toEqual([0, 2, 1]));
  });
});
