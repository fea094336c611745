import { describe, expect, it } from 'vitest';
import { interpolatePositions } from '../../clip/positions.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluate, useDevice } from '../support/device.ts';
import { opsCases, opsTensor } from '../support/opsFixture.ts';

const opened = useDevice();

// The published encoder does not call its interpolation where the number of patches is the table's, so the recording of
// the bare function for a 2 x 8 grid is not what the encoder adds; the last test says what is.
const published = opsCases('pos_embed').filter(({ name }) => name !== 'pos_embed_4x4/to_2x8');

describe('interpolatePositions', () => {
  it.each(published.map((recorded) => [recorded.name, recorded] as const))(
    'equals the published code on %s',
    async (_, recorded) => {
      const table = opsTensor(recorded.inputs.pos_embed);
      const expected = opsTensor(recorded.outputs.interpolated);
      const rows = table.shape.slice(-2);
      const { device } = opened;
      const [height, width] = /to_(\d+)x(\d+)/.exec(recorded.name)!.slice(1).map(Number);
      const actual = await evaluate(device, () => {
        const tensor = device.tensor(table.data, rows);
        const positions = interpolatePositions(tensor, { height, width });
        return positions === tensor ? tensor.clone() : positions;
      });
      // Sixteen products of weights below 1 with values of this size.
      const largest = table.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expectClose({ actual, expected: expected.data, tolerance: 1e-5 * largest, shape: expected.shape.slice(-2) });
      expectEqual(actual.subarray(0, rows[1]), table.data.subarray(0, rows[1]));
    },
  );

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
