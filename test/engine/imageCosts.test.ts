import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { ImageCosts } from '../../bench/evaluateCountsChild.ts';
import { BENCHMARK_NAMES } from '../../datasets/benchmarks/index.ts';
import type { BenchmarkCosts } from '../support/benchmarkCosts.ts';

function runChild<Costs>(url: string, ...rest: string[]): Costs[] {
  const child = fileURLToPath(new URL(url, import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', child, ...rest], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Costs[];
}

it('an image of 336x448 takes one submit, one pass and no more launches than it did, counted; of four, fewer', () => {
  const costs = runChild<ImageCosts>('../../dist/bench/evaluateCountsChild.js', '2');
  const countsOf = (images: number) =>
    costs
      .filter(({ together }) => together === images)
      .map(({ model, mode, dispatches, submits, passes }) => [model, mode, dispatches, submits, passes]);
  // Labels, and how they meet the truth, are brought back.
  for (const { together, copies } of costs) if (together === 1) expect(copies).toBe(2);
  const counts = countsOf(1);
  expect(counts).toEqual([
    ['ViT-B/16', 'whole', 123, 1, 1],
    ['ViT-B/16', 'windows', 210, 1, 1],
    ['ViT-L/14', 'whole', 219, 1, 1],
    ['ViT-L/14', 'windows', 390, 1, 1],
  ]);
  expect(countsOf(4)).toEqual([
    ['ViT-B/16', 'whole', 37.75, 1, 1],
    ['ViT-B/16', 'windows', 59.5, 1, 1],
    ['ViT-L/14', 'whole', 61.75, 1, 1],
    ['ViT-L/14', 'windows', 104.5, 1, 1],
  ]);
}, 60_000);

it('takes one submit and pass an image, on integrated GPUs at most four, at the size of every benchmark', () => {
  const costs = runChild<BenchmarkCosts>('../support/benchmarkCosts.ts');
  const integrated = costs.filter(({ adapterClass }) => adapterClass === 'integrated');
  const submits = (benchmark: string) => (benchmark === 'cityscapes' ? 4 : 1);
  expect(integrated.map((cost) => [cost.benchmark, cost.submits, cost.passes])).toEqual(
    BENCHMARK_NAMES.map((name) => [name, submits(name), submits(name)]),
  );
  const [cityscapes, ...discrete] = costs.filter(({ adapterClass }) => adapterClass === 'discrete').reverse();
  expect([cityscapes.benchmark, cityscapes.submits, cityscapes.passes]).toEqual(['cityscapes', 1, 1]);
  expect(discrete.map((cost) => [cost.benchmark, cost.dispatches, cost.submits, cost.passes, cost.copies])).toEqual([
    ['context60', 210, 1, 1, 2],
    ['voc21', 123, 1, 1, 2],
  ]);
  // In MiB, of a ViT-B/16 in f32: 80.8 with windows and 49.6 whole.
  expect(discrete.map(({ peakBytes }) => Math.ceil(peakBytes / 2 ** 20))).toEqual([81, 50]);
}, 60_000);
