import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { assertNoLeftover, assertSame, snapshot } from '../../scripts/soak/snapshot.mjs';

const script = fileURLToPath(new URL('../../scripts/soak.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-soak-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const soak = (...args: string[]) =>
  spawnSync(process.execPath, [script, ...args, '--keep', join(folder, 'kept')], { encoding: 'utf8' });

describe('scripts/soak.mjs', () => {
  it('has one round of every part, finds nothing, and prints the figures', () => {
    const json = join(folder, 'figures.json');
    const { status, stdout, stderr } = soak('--small', '--minutes', '0', '--seed', '1', '--json', json);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toContain('no failures');
    const { parts, failures } = JSON.parse(readFileSync(json, 'utf8'));
    expect(failures).toEqual([]);
    expect(Object.keys(parts)).toEqual([
      'images',
      'checkpoints',
      'eval',
      'convert',
      'pull',
      'model',
      'device',
      'disk',
      'two',
    ]);
    for (const [name, { rounds }] of Object.entries<{ rounds: number }>(parts))
      expect([name, rounds]).toEqual([name, 1]);
    expect(parts.images.figures).toMatchObject({ files: 200 });
    expect(parts.device.figures.losses ?? parts.device.figures['ended before']).toBe(1);
  }, 400_000);

  it('refuses a part that there is not', () => {
    expect(soak('--only', 'nothing')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^there is no part nothing\nusage: /),
    });
  });
});

it('what a soak compares: surplus, missing and other files, and what is left over', () => {
  writeFileSync(join(folder, 'a'), 'one');
  const before = snapshot(folder);
  expect(() => assertSame(snapshot(folder), before, 'same')).not.toThrow();
  writeFileSync(join(folder, 'a'), 'two');
  expect(() => assertSame(snapshot(folder), before, 'other')).toThrow('other: a differs, 3 of 3 bytes');
  writeFileSync(join(folder, 'b.tmp'), '');
  expect(() => assertSame(snapshot(folder), before, 'more')).toThrow('more: b.tmp left over');
  expect(() => assertSame(before, snapshot(folder), 'less')).toThrow('less: b.tmp missing');
  expect(() => assertNoLeftover(folder)).toThrow('temporary files are left: b.tmp');
});
