import { expect, it } from 'vitest';
import { benchTune } from '../../bench/tune.ts';

it('bench -- tune times a product, checks it, prints a table and returns the figures', async () => {
  const lines: string[] = [];
  const product = { kind: 'linear', tokens: 40, m: 40, n: 36, k: 64, outer: 1, inner: 1 } as const;
  const only = 'block 32x32';
  const options = { repetitions: 1, seconds: 600, only, products: [product] };
  const { rows, tables } = await benchTune(options, (line) => lines.push(line));
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ ...product, kernel: 'block 32x32 4x4', best: true });
  expect(tables).toEqual([{ table: [['block 32x32 4x4', 0]], loss: 0 }]);
  const text = lines.join('\n');
  expect(text).toContain('linear [40, 64] x [64, 36]');
  expect(text).toMatch(/block 32x32 4x4 .* best/);
  expect(text).not.toContain('WRONG');
  expect(text).toContain("0.0 %  [['block 32x32 4x4', 0]]");
});
