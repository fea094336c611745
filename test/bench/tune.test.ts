import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchTune } from '../../bench/tune.ts';

it('bench -- tune times a product, checks it, prints a table and keeps the figures', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rfclip-tune-'));
  const json = join(folder, 'tune.json');
  const lines: string[] = [];
  const product = { kind: 'linear', tokens: 40, m: 40, n: 36, k: 64, outer: 1, inner: 1 } as const;
  try {
    const only = 'block 32x32';
    await benchTune({ repetitions: 1, seconds: 600, only, products: [product], json }, (line) => lines.push(line));
    const { rows, tables } = JSON.parse(readFileSync(json, 'utf8')) as { rows: object[]; tables: object[] };
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ ...product, kernel: 'block 32x32 4x4', best: true });
    expect(tables).toEqual([{ table: [['block 32x32 4x4', 0]], loss: 0 }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const text = lines.join('\n');
  expect(text).toContain('linear [40, 64] x [64, 36]');
  expect(text).toMatch(/block 32x32 4x4 .* best/);
  expect(text).not.toContain('WRONG');
  expect(text).toContain("0.0 %  [['block 32x32 4x4', 0]]");
});
