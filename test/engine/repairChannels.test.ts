import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairChannels } from '../../engine/index.ts';
import { repairChannelsOracle } from '../oracle/repairChannels.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds, sides } from '../support/random.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

describe('repairChannels', () => {
  it('equals its oracle for any grid and mask', async () => {
    await fc.assert(
      fc.asyncProperty(
        sides(3),
        sides(9),
        sides(9),
        lengths(80),
        fc.integer({ min: 0, max: 2 }),
        seeds,
        async (batch, height, width, channels, skip, seed) => {
          const { device } = opened;
          const shape = [batch, skip + height * width, channels];
          const x = randomFloats(seed, shape[0] * shape[1] * shape[2], -100, 100);
          const mask = randomFloats(seed + 1, batch * height * width, 0, 1).map((value) => (value < 0.3 ? 1 : 0));
          const listed = randomFloats(seed + 2, channels, 0, 1).map((value) => (value < 0.4 ? 1 : 0));
          const actual = await evaluate(device, () =>
            repairChannels(
              device.tensor(x, shape),
              device.tensor(mask, [batch, height * width]),
              device.tensor(listed, [channels]),
              height,
              width,
              skip,
            ),
          );
          // A sum of at most 8 values of magnitude 100, and a quotient.
          expectClose({
            actual,
            expected: repairChannelsOracle(x, mask, listed, { height, width }, skip),
            tolerance: 12 * U * 100,
            shape,
          });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it.each(recordedCases('paper/distractors/'))('%s: scores, masks and features equal the recording', async (name) => {
    await expectRecorded(name, opened, { phi: 1e-6, f_redistributed: 2e-5 });
  });

  it('keeps a cell that has no neighbours', async () => {
    const { device } = opened;
    expectEqual(
      await evaluate(device, () =>
        repairChannels(device.tensor([5, 7], [1, 1, 2]), device.tensor([1], [1, 1]), device.tensor([1, 1], [2]), 1, 1),
      ),
      Float32Array.of(5, 7),
    );
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const run = (rows: number, cells: number, listed: number) =>
      shapeError(device, () =>
        repairChannels(device.zeros([1, rows, 3]), device.zeros([1, cells]), device.zeros([listed]), 2, 2, 1),
      );
    expect(run(4, 4, 3)).toBe('repairChannels: x is [1, 4, 3], expected [?, 5, ?]');
    expect(run(5, 5, 3)).toBe('repairChannels: mask is [1, 5], expected [1, 4]');
    expect(run(5, 4, 2)).toBe('repairChannels: listed is [2], expected [3]');
  });
});
