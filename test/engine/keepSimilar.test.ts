import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keepSimilar } from '../../engine/index.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';

const opened = useDevice();

it('equals its definition exactly for any shape', async () => {
  const { device } = opened;
  await fc.assert(
    fc.asyncProperty(sides(3), lengths(70), fc.integer({ min: 0, max: 2 }), seeds, async (batch, T, skip, seed) => {
      const x = randomFloats(seed, batch * T * T);
      const limit = Math.fround(0.4);
      const y = await evaluate(device, () => keepSimilar(device.tensor(x, [batch, T, T]), limit, skip));
      const expected = Array.from(x, (value, i) => {
        const [row, column] = [Math.floor(i / T) % T, i % T];
        if (row < skip || column < skip) return Number(row === column);
        return value < limit ? 0 : value;
      });
      expectEqual(y, expected, [batch, T, T]);
    }),
    { numRuns: DEVICE_RUNS },
  );
});

it('refuses what holds no square matrices', () => {
  const { device } = opened;
  expect(shapeError(device, () => keepSimilar(device.zeros([2, 3, 4]), 0, 1))).toBe(
    'keepSimilar: x is [2, 3, 4], expected [batch, tokens, tokens]',
  );
  device.scope(() => expect(keepSimilar(device.zeros([0, 3, 3]), 0, 1).shape).toEqual([0, 3, 3]));
});
