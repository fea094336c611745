import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { ImageCosts } from '../../bench/evaluateCountsChild.ts';

it('an image of 336x448 takes one submit, one pass and no more launches than it did, counted; of four, fewer', () => {
  const child = new URL('../../dist/bench/evaluateCountsChild.js', import.meta.url);
  const { stdout, stderr } = spawnSync(process.execPath, [child.pathname, '2'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  const costs = JSON.parse(stdout) as ImageCosts[];
  const countsOf = (images: number) =>
    costs
      .filter(({ together }) => together === images)
      .map(({ model, mode, dispatches, submits, passes }) => [model, mode, dispatches, submits, passes]);
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
