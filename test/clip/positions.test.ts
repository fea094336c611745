import { describe, expect, it } from 'vitest';
import { interpolatePositions } from '../../clip/positions.ts';
import { expectEqual } from '../support/compare.ts';
import { useDevice } from '../support/device.ts';
import { expectAgreement, expectRecorded, recordedCases } from '../support/reference.ts';

const opened = useDevice();

// The published encoder does not call its interpolation where the number of patches is the table's, so the recording of
// the bare function for a 2 x 8 grid is not what the encoder adds; the last test says what is.
const published = recordedCases('image/pos_embed').filter((name) => name !== 'image/pos_embed_4x4/to_2x8');

describe('interpolatePositions', () => {
  it.each(published)('equals the published code on %s', async (name) => {
    const checks = await expectRecorded(name, opened);
    const { values, shape } = checks.input('pos_embed');
    const actual = checks.computed.get('interpolated')!;
    // Sixteen products of weights below 1 with values of this size.
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectAgreement(checks, { interpolated: 1e-5 * largest });
    expectEqual(Array.from(actual).slice(0, shape[1]), values.subarray(0, shape[1]));
  });

  it('adds the table as it is where the number of patches is that of the table, even if the grid is not square', () => {
    const { device } = opened;
    device.scope(() => {
      const table = device.zeros([17, 8]);
      for (const [height, width] of [
        [4, 4],
        [2, 8],
        [16, 1],
      ])
        expect(interpolatePositions(table, { height, width })).toBe(table);
      expect(interpolatePositions(table, { height: 4, width: 5 }).shape).toEqual([21, 8]);
    });
  });
});
