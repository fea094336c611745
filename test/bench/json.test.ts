import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvaluationRow } from '../../bench/evaluate.ts';

const main = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-bench-json-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: string[]) {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', cwd: folder });
}

/** The smallest benchmark: one f32 kernel on one product. */
const TUNE = ['tune', '--only', 'register_tile', '--repetitions', '1', '--seconds', '0.001'];

describe('bench -- NAME --json', () => {
  it('prints one document, and the table on standard error', () => {
    const { status, stdout, stderr } = bench(...TUNE, '--json');
    expect(status).toBe(0);
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(['adapter', 'class', 'profile', 'rows', 'tables']);
    expect(stderr).toContain('matmul kernels, f32');
  });

  it('keeps it in a file, and replaces none of others', () => {
    const file = join(folder, 'figures.json');
    expect(bench(...TUNE, '--json', file).status).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ profile: 'default' });
    const notes = join(folder, 'notes.txt');
    writeFileSync(notes, 'mine');
    const refused = bench(...TUNE, '--json', notes);
    expect([refused.status, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/^bench: \S*notes\.txt would be replaced, but rfclip did not make it\n/);
    expect(readFileSync(notes, 'utf8')).toBe('mine');
  });

  it.each([
    [['nothing'], 'there is no benchmark "nothing"'],
    [['eval', '--precision', 'f8'], '--precision must be f32, f16, auto'],
    [['eval', '--profile', 'fast'], '--profile must be default or bench'],
    [['forward', '--windows', 'x'], '--windows must be at least 1'],
  ])('refuses %j in one sentence', (args, sentence) => {
    const { status, stderr } = bench(...args, '--json', 'none.json');
    expect(status).toBe(1);
    expect(stderr.trim()).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'none.json'))).toBe(false);
  });

  it('of eval has the figures of every row by these names', () => {
    // The compiler looks at the names, for a run takes a minute without a GPU.
    const row: Pick<
      EvaluationRow,
      | 'model'
      | 'mode'
      | 'precision'
      | 'depth'
      | 'imagesPerSecond'
      | 'waitedShare'
      | 'mainThreadMs'
      | 'dispatches'
      | 'submits'
      | 'passes'
      | 'peakBytes'
    > = {
      model: 'ViT-B/16',
      mode: 'whole',
      precision: 'f32',
      depth: 3,
      imagesPerSecond: 0,
      waitedShare: 0,
      mainThreadMs: 0,
      dispatches: 0,
      submits: 0,
      passes: 0,
      peakBytes: 0,
    };
    expect(Object.keys(row)).toHaveLength(11);
  });
});
