import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addMergeCommand } from '../../cli/eval/mergeCommand.ts';
import { RequestError } from '../../system/requestError.ts';
import { resultOf } from '../evaluation/samples.ts';

vi.mock('../../cli/writeAll.ts', () => ({ writeAll: () => {} }));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-merge-'));
  for (const index of [1, 2]) {
    mkdirSync(join(folder, `shard-${index}-of-2`));
    writeFileSync(join(folder, `shard-${index}-of-2/result.json`), JSON.stringify(resultOf(9, index, 2)));
    writeFileSync(join(folder, `shard-${index}-of-2/manifest.json`), '{}');
  }
});
afterEach(() => {
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const shard = (index: number) => join(folder, `shard-${index}-of-2`);
async function merge(...args: string[]): Promise<void> {
  const program = new Command();
  addMergeCommand(program);
  await program.parseAsync(['merge', ...args], { from: 'user' });
}
const parts = () => [shard(1), shard(2)].map((part) => readFileSync(join(part, 'result.json'), 'utf8'));

describe('rfclip merge', () => {
  it('writes into the folder above its shards, and again', async () => {
    for (let times = 0; times < 2; times++) await merge(shard(1), shard(2), '--out', folder);
    expect(JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))).toMatchObject({ images: { selected: 9 } });
  });

  it('refuses the folder of a part, however it is named', async () => {
    const before = parts();
    symlinkSync(shard(2), join(folder, 'link'));
    const file = join(shard(1), 'result.json');
    await expect(merge(file, shard(2), '--out', shard(1))).rejects.toThrow(RequestError);
    await expect(merge(file, shard(2), '--out', join(folder, 'link'))).rejects.toThrow(
      /cannot go to .*link, because it would replace .*shard-2-of-2, which is merged/,
    );
    rmSync(join(shard(1), 'manifest.json'));
    await expect(merge(file, shard(2), '--out', `${shard(1)}/../shard-1-of-2/`)).rejects.toThrow(
      /because it would replace .*result.json/,
    );
    expect(parts()).toEqual(before);
  });

  it('refuses the folder of another run, and writes nothing', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'manifest.json'), '{}');
    await expect(merge(shard(1), shard(2), '--out', other)).rejects.toThrow(
      /other, because that is the folder of a run/,
    );
    expect(existsSync(join(other, 'result.json'))).toBe(false);
  });
});
