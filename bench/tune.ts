import type { AdapterClass } from '../engine/adapter.ts';
import { Device } from '../engine/device.ts';
import { BLOCK_SHAPES, type BlockName, isBlock } from '../engine/ops/matmulBlocks.ts';
import {
  fromMatmulTable,
  matmulKernelRuns,
  type MatmulKernelName,
  type MatmulTable,
} from '../engine/ops/matmulKernels.ts';
import { DispatchTimer, type PreparedDispatch } from './dispatchTimer.ts';
import { median } from './statistics.ts';
import {
  largestError,
  launchesOf,
  layOut,
  type RandomValues,
  randomValues,
  TUNED_PRODUCTS,
  type TunedProduct,
} from './tuneProducts.ts';
import { fitTables, type FittedTable, type TunedTimes } from './tuneTable.ts';

/** What to tune. */
export interface TuneOptions {
  adapter?: string;
  profile?: 'default' | 'bench';
  repetitions: number;
  /** Only kernels whose names contain this. */
  only?: string;
  /** What to time. Default: the products of a ViT-B/16. */
  products?: readonly TunedProduct[];
  /** No product is begun after so many seconds. */
  seconds: number;
}

/** One product by one kernel. */
interface TuneRow extends TunedProduct {
  kernel: MatmulKernelName;
  milliseconds: number;
  gflops: number;
  /** As `largestError`; right where it is at most k + 4. */
  error: number;
  best: boolean;
}

/** What was timed, and the tables that fit it. */
interface TuneFigures {
  adapter: string;
  class: AdapterClass;
  profile: string;
  rows: TuneRow[];
  tables: FittedTable[];
}

const SOFTWARE_KERNELS: readonly MatmulKernelName[] = ['register_tile', 'subgroup_tile'];
const GPU_KERNELS = Object.keys(BLOCK_SHAPES) as BlockName[];

/** A timed pass: long enough for timestamps, short enough for a weak GPU's watchdog. */
const PASS_MILLISECONDS = 1.5;
const MOST_LAUNCHES = 48;

/**
 * Times every matmul kernel that this adapter could take on the products of a network, checks each against float64,
 * and prints which is best where and the table for `engine/ops/matmulKernels.ts` that loses least.
 */
export async function benchTune(options: TuneOptions, print: (line: string) => void): Promise<TuneFigures> {
  const started = performance.now();
  const device = await Device.create({ adapter: options.adapter, profile: options.profile });
  const software = device.adapterClass === 'software';
  // A GPU's cache must not hold all weights at once: 12 layers have 340 MB of them.
  const bytes = Math.min(software ? 32e6 : 200e6, device.gpu.limits.maxStorageBufferBindingSize);
  const random = randomValues(device, Math.floor(bytes / 4));
  try {
    const names = (software && options.only === undefined ? SOFTWARE_KERNELS : [...SOFTWARE_KERNELS, ...GPU_KERNELS])
      .filter((name) => software || isBlock(name))
      .filter((name) => name.includes(options.only ?? '') && matmulKernelRuns(device, name));
    const timer = new DispatchTimer(device);
    print(
      `matmul kernels, f32, adapter ${device.name} (${device.adapterClass}), Dawn profile ` +
        `${options.profile ?? 'default'}, ${timer.method}, median of ${options.repetitions}`,
    );
    const rows: TuneRow[] = [];
    const secondsUsed = () => (performance.now() - started) / 1000;
    const products = options.products ?? TUNED_PRODUCTS;
    for (const [index, product] of products.entries()) {
      if (secondsUsed() > options.seconds) {
        print(`\n${products.length - index} products were left out: --seconds ${options.seconds} are over`);
        break;
      }
      const timed = await timeProduct(device, timer, product, names, random, options.repetitions);
      rows.push(...timed);
      printProduct(product, timed, secondsUsed(), print);
    }
    const tables = fitTables(timesOf(rows));
    printTables(tables, rows, print);
    const { name: adapter, adapterClass } = device;
    return { adapter, class: adapterClass, profile: options.profile ?? 'default', rows, tables };
  } finally {
    device.destroy();
  }
}

async function timeProduct(
  device: Device,
  timer: DispatchTimer,
  product: TunedProduct,
  names: readonly MatmulKernelName[],
  random: RandomValues,
  repetitions: number,
): Promise<TuneRow[]> {
  const { m, n, k, outer, inner } = product;
  const operands = layOut(device, product, random, device.adapterClass === 'software' ? 2 : 8);
  const prepared = await Promise.all(
    names.map((name) => Promise.all(launchesOf(operands, name).map((launch) => timer.prepare(launch)))),
  );
  const errors: number[] = [];
  const counts: number[] = [];
  for (const launches of prepared) {
    await timer.time([launches[0]], 1);
    errors.push(await largestError(device, operands, random));
    counts.push(await launchCount(timer, launches));
  }
  const times = names.map((): number[] => []);
  // The first round only brings the GPU to its clock.
  for (let round = -1; round < repetitions; round++) {
    for (const [i, launches] of prepared.entries()) {
      const milliseconds = await timer.time(launches, counts[i]);
      if (round >= 0) times[i].push(milliseconds);
    }
  }
  operands.dispose();
  const medians = times.map(median);
  const right = medians.filter((_, i) => errors[i] <= k + 4);
  return names.map((kernel, i) => ({
    ...product,
    kernel,
    milliseconds: medians[i],
    gflops: (2 * m * n * k * outer * inner) / medians[i] / 1e6,
    error: errors[i],
    best: medians[i] === Math.min(...right),
  }));
}

/** How many launches make a pass of the right length. */
async function launchCount(timer: DispatchTimer, launches: readonly PreparedDispatch[]): Promise<number> {
  const milliseconds = await timer.time(launches, 2);
  return Math.max(1, Math.min(MOST_LAUNCHES, Math.ceil(PASS_MILLISECONDS / Math.max(milliseconds, 1e-6))));
}

function printProduct(
  { kind, m, n, k, outer, inner }: TunedProduct,
  rows: readonly TuneRow[],
  seconds: number,
  print: (line: string) => void,
): void {
  const batch = outer * inner === 1 ? '' : `${outer * inner} x `;
  print(`\n${kind} ${batch}[${m}, ${k}] x [${k}, ${n}]   (after ${seconds.toFixed(1)} s)`);
  print('kernel                               us   GFLOP/s   error / 2^-24');
  for (const row of [...rows].sort((a, b) => a.milliseconds - b.milliseconds)) {
    print(
      `${row.kernel.padEnd(32)} ${(1000 * row.milliseconds).toFixed(1).padStart(7)} ` +
        `${row.gflops.toFixed(0).padStart(8)} ${row.error.toFixed(2).padStart(14)}` +
        `${row.best ? '  best' : ''}${row.error <= k + 4 ? '' : '  WRONG'}`,
    );
  }
}

/** Times of the blocks that are right everywhere, product by product. */
function timesOf(rows: readonly TuneRow[]): TunedTimes[] {
  const wrong = new Set(rows.filter(({ error, k }) => !(error <= k + 4)).map(({ kernel }) => kernel));
  const byProduct = new Map<string, Map<BlockName, number>>();
  const sizes = new Map<string, TunedProduct>();
  for (const row of rows.filter(({ kernel }) => !wrong.has(kernel))) {
    const { kind, m, n, k, outer, kernel } = row;
    if (!isBlock(kernel)) continue;
    const key = [kind, m, n, k, outer].join(' ');
    sizes.set(key, row);
    byProduct.set(key, (byProduct.get(key) ?? new Map<BlockName, number>()).set(kernel, row.milliseconds));
  }
  return [...byProduct].map(([key, milliseconds]) => ({ sizes: sizes.get(key)!, milliseconds }));
}

function printTables(
  tables: readonly { table: MatmulTable; loss: number }[],
  rows: readonly TuneRow[],
  print: (line: string) => void,
): void {
  if (tables.length === 0) return;
  print('\nfor GPU_TABLES in engine/ops/matmulKernels.ts (slower than the best kernel of each product, on average)');
  for (const { table, loss } of tables) {
    const entries = table.map(([name, fewest]) => `['${name}', ${fewest}]`).join(', ');
    print(`${(100 * loss).toFixed(1).padStart(5)} %  [${entries}]`);
  }
  const last = tables.at(-1)!.table;
  print('\nwith the last one');
  for (const row of rows.filter((candidate) => candidate.kernel === fromMatmulTable(last, candidate)))
    print(
      `${row.kind.padEnd(7)} ${[row.m, row.n, row.k].map((size) => String(size).padStart(5)).join('')} ` +
        `${row.kernel.padEnd(30)} ${row.gflops.toFixed(0).padStart(7)} GFLOP/s`,
    );
}
