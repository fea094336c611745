import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { runCli } from '../support/runCli.ts';
import { copyScenes, QUICK, quietEnvironment, readJournal, readResult, SCENES } from '../support/sampleRuns.ts';

const ids = SCENES.slice(0, 4);
let folder: string;
let environment: Record<string, string | undefined>;
let undisturbed: EvaluationResult;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-device-'));
  environment = quietEnvironment(join(folder, 'cache'));
  copyScenes(join(folder, 'data'), ids);
  expect(await evaluate('undisturbed')).toMatchObject({ code: 0 });
  undisturbed = readResult(join(folder, 'undisturbed'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const evaluate = (out: string, args: readonly string[] = [], options: Parameters<typeof runCli>[1] = {}) =>
  runCli(
    [
      'eval',
      'folder',
      '--data',
      join(folder, 'data'),
      ...QUICK,
      '--out',
      join(folder, out),
      '--method',
      'naclip',
      ...args,
    ],
    { ...options, environment: { ...environment, ...options.environment } },
  );

/** The command line with a device that is lost at a result, and at so many of those after it. */
const losing = (reads: number, losses: number) => ({
  script: fileURLToPath(new URL('../../scripts/soak/losingMain.mjs', import.meta.url)),
  environment: { ...environment, SOAK_READS: `${reads}`, SOAK_LOSSES: `${losses}` },
});
const journalled = (out: string) => readJournal(join(folder, out)).map(({ id }) => id);

describe('a device that is lost', () => {
  test('eval does the image again on a new one, and counts it once', async () => {
    const { code, stderr } = await evaluate('lost', [], losing(2, 2));
    expect([code, stderr.match(/^note: scene_0001: the device was lost meanwhile, .*$/gm)?.length]).toEqual([0, 2]);
    expect(journalled('lost')).toEqual(ids);
    expect(readResult(join(folder, 'lost')).confusion).toEqual(undisturbed.confusion);
  });

  test('eval ends after three in a row by one sentence and code 1, and --resume goes on', async () => {
    const { code, stderr } = await evaluate('often', [], losing(2, 3));
    const said = stderr.split('\n').filter((line) => line.startsWith('rfclip:'));
    expect([code, said]).toEqual([
      1,
      [
        expect.stringMatching(
          / failed: the device was lost .*; it was so on three devices in a row, with the same image$/,
        ),
      ],
    ]);
    expect(journalled('often')).toEqual(ids.slice(0, 1));
    expect(await evaluate('often', ['--resume'])).toMatchObject({ code: 0 });
    expect(journalled('often')).toEqual(ids);
    expect(readResult(join(folder, 'often')).confusion).toEqual(undisturbed.confusion);
  });

  test('segment goes on with all files', async () => {
    const pictures = ids.slice(0, 2).map((id) => join(folder, 'data/JPEGImages', `${id}.jpg`));
    const flags = ['--classes', 'sky, grass', ...QUICK, '--json', '--out', join(folder, 'segmented')];
    const one = await runCli(['segment', ...pictures, ...flags], losing(2, 1));
    expect(one).toMatchObject({ code: 0 });
    const { results, failures } = JSON.parse(one.stdout) as { results: { notices: string[] }[]; failures: unknown[] };
    expect([results.length, failures]).toEqual([2, []]);
    const notices = results.flatMap((result) => result.notices.filter((notice) => notice.includes('device was lost')));
    expect(notices).toEqual(['the device was lost meanwhile, so this image is done again on a new one']);
  });
});

describe('--precision', () => {
  test.each([
    ['segment', () => ['segment', join(folder, 'data/JPEGImages', `${ids[0]}.jpg`), '--classes', 'sky, grass']],
    ['eval', () => ['eval', 'folder', '--data', join(folder, 'data')]],
  ])('f16 on an adapter without it ends %s with one sentence and code 2', async (name, args) => {
    const script = fileURLToPath(new URL('../support/withoutHalves.mjs', import.meta.url));
    const out = join(folder, `halves-${name}`);
    const result = await runCli([...args(), '--precision', 'f16', '--out', out], { script, environment });
    expect([result.code, result.stdout]).toEqual([2, '']);
    expect(result.stderr.split('\n').filter((line) => line.startsWith('rfclip:'))).toEqual([
      expect.stringMatching(/^rfclip: adapter .+ cannot compute in f16: it has no f16 \(WebGPU's shader-f16\)$/),
    ]);
    expect(result.stderr).toContain('use --precision f32, or leave it out');
    expect(existsSync(join(out, 'journal.ndjson'))).toBe(false);
  });

  test('a run goes on in the precision in which it was begun, and in no other', async ({ skip }) => {
    const resumed = await evaluate('undisturbed', ['--precision', 'f16', '--resume']);
    if (resumed.stderr.includes('cannot compute in f16')) skip('the adapter has no f16');
    expect(resumed).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^rfclip: the run in .* cannot go on, because the precision is f16, it was f32\n/m),
    });
    expect(journalled('undisturbed')).toEqual(ids);
    expect(readResult(join(folder, 'undisturbed')).evaluation.model.precision).toBe('f32');
  });
});
