import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scale, stack } from '../../engine/index.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

it('is a and then beta b, to the bit, for any shape', async () => {
  const { device } = opened;
  await fc.assert(
    fc.asyncProperty(lengths(9), lengths(9), lengths(70), seeds, async (first, second, width, seed) => {
      const [a, b] = [randomFloats(seed, first * width), randomFloats(seed + 1, second * width)];
      const [y, scaled] = await evaluateAll(device, () => {
        const other = device.tensor(b, [second, width]);
        return [stack(device.tensor(a, [first, width]), other, 1 / 12), scale(other, 1 / 12)];
      });
      expectEqual(y, [...a, ...scaled]);
    }),
    { numRuns: DEVICE_RUNS },
  );
});

it('refuses operands that do not fit, and makes nothing of nothing', () => {
  const { device } = opened;
  const refused = (a: number[], b: number[]) => shapeError(device, () => stack(device.zeros(a), device.zeros(b)));
  expect(refused([2, 3], [2, 4])).toBe('stack: b is [2, 4], expected [?, 3]');
  expect(refused([], [1])).toBe('stack: a is [], expected at least one axis');
  device.scope(() => expect(stack(device.zeros([0, 3]), device.zeros([0, 3])).shape).toEqual([0, 3]));
});
