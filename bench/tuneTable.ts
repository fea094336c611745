import type { BlockName } from '../engine/ops/matmulBlocks.ts';
import { type MatmulTable, matmulWorkgroups } from '../engine/ops/matmulKernels.ts';
import type { MatmulSizes } from '../engine/ops/matrixViews.ts';

/** Times of one product by each kernel that GPUs may take, in milliseconds. */
export interface TunedTimes {
  sizes: MatmulSizes;
  milliseconds: ReadonlyMap<BlockName, number>;
}

/** A table and how much slower it is than the best kernel of each product, on average: 0.05 is 5 %. */
export interface FittedTable {
  table: MatmulTable;
  loss: number;
}

/** Products of a kernel in the order of rising workgroups, with their loss against the best kernel. */
interface Candidate {
  name: BlockName;
  workgroups: number[];
  losses: number[];
}

/**
 * The best tables of one, two and three kernels. A product takes the first kernel for which it has enough workgroups;
 * kernels stand in the order of falling tiles, and all counts that make a difference are tried. Lengths for which there
 * are too few kernels are left out.
 */
export function fitTables(times: readonly TunedTimes[]): FittedTable[] {
  const best = times.map(({ milliseconds }) => Math.min(...milliseconds.values()));
  const names = [...(times[0]?.milliseconds.keys() ?? [])];
  const candidates = names
    .map((name): Candidate => ({
      name,
      workgroups: times.map(({ sizes }) => matmulWorkgroups(name, sizes)),
      losses: times.map(({ milliseconds }, i) => milliseconds.get(name)! / best[i] - 1),
    }))
    // Fewest workgroups for the same work: the largest tile.
    .sort((a, b) => sum(a.workgroups) - sum(b.workgroups));
  const fitted = [1, 2, 3].map((length) => fitLength(candidates, length, times.length));
  return fitted.filter(({ table }) => table.length > 0);
}

function fitLength(candidates: readonly Candidate[], length: number, products: number): FittedTable {
  let best: FittedTable = { table: [], loss: Infinity };
  const everything = Array.from({ length: products }, (_, i) => i);
  /** Tries every kernel from `first` on for the products that are left, in a table of `left` more. */
  const extend = (first: number, left: number, open: readonly number[], table: MatmulTable, loss: number): void => {
    if (loss >= best.loss * products) return;
    for (let c = first; c < candidates.length; c++) {
      const { name, workgroups, losses } = candidates[c];
      if (left === 1) {
        const total = open.reduce((all, i) => all + losses[i], loss);
        if (total < best.loss * products) best = { table: [...table, [name, 0]], loss: total / products };
        continue;
      }
      for (const fewest of new Set(open.map((i) => workgroups[i]))) {
        const taken = open.filter((i) => workgroups[i] >= fewest);
        const total = taken.reduce((all, i) => all + losses[i], loss);
        extend(
          c + 1,
          left - 1,
          open.filter((i) => workgroups[i] < fewest),
          [...table, [name, fewest]],
          total,
        );
      }
    }
  };
  extend(0, length, everything, [], 0);
  return best;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
