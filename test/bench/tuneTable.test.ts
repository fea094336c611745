import { describe, expect, it } from 'vitest';
import { fitTables, type TunedTimes } from '../../bench/tuneTable.ts';
import type { BlockName } from '../../engine/ops/matmulBlocks.ts';

const LARGE = 'block 64x64 8x4';
const SMALL = 'block 32x32 4x4';

/** Times of a product of [m, 64] x [64, n]. */
function times(m: number, n: number, milliseconds: Partial<Record<BlockName, number>>): TunedTimes {
  return {
    sizes: { m, n, k: 64, outer: 1, inner: 1 },
    milliseconds: new Map(Object.entries(milliseconds) as [BlockName, number][]),
  };
}

describe('fitTables', () => {
  it('gives each kernel the products that it is best for, by their workgroups', () => {
    const [one, two, ...more] = fitTables([
      times(640, 640, { [LARGE]: 1, [SMALL]: 2 }), // 100 large tiles
      times(320, 640, { [LARGE]: 1, [SMALL]: 1.5 }), // 50
      times(320, 320, { [LARGE]: 4, [SMALL]: 1 }), // 25
    ]);
    expect(two).toEqual({ table: [[LARGE, 50], [SMALL, 0]], loss: 0 }); // prettier-ignore
    // (1 + 0.5 + 0) / 3, where the large tile alone would lose (0 + 0 + 3) / 3.
    expect(one).toEqual({ table: [[SMALL, 0]], loss: 0.5 });
    expect(more).toEqual([]);
  });

  it('puts larger tiles first, whatever the order of the times, and prefers fewer losses over fewer products', () => {
    const tables = fitTables([
      times(640, 640, { [SMALL]: 1.1, [LARGE]: 1 }),
      times(64, 64, { [SMALL]: 1, [LARGE]: 1.3 }),
      times(128, 64, { [SMALL]: 1.2, [LARGE]: 1 }),
    ]);
    expect(tables[1].table).toEqual([[LARGE, 2], [SMALL, 0]]); // prettier-ignore
    expect(tables[0].loss).toBeCloseTo(0.1, 12);
  });

  it('fits nothing to nothing', () => {
    expect(fitTables([])).toEqual([]);
  });
});
