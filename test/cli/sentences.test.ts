import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { describeFailure } from '../../system/describeFailure.ts';
import { asOutputError } from '../../system/asOutputError.ts';
import { LockError } from '../../system/lockError.ts';
import { runCli } from '../support/runCli.ts';

const scene = fileURLToPath(new URL('../../examples/scenes/scene_0025.jpg', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-sentences-'));
const out = join(folder, 'out');
const segment = ['segment', scene, '--classes', 'moon, soil', '--out', out];
const CASS = ['--method', 'cass', '--quiet'];
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the person reads: the first line, without "error:" and the name of the program. */
async function answer(args: string[]): Promise<{ code: number | null; sentence: string; stdout: string }> {
  const { code, stderr, stdout } = await runCli(args, { environment: { RFCLIP_CACHE_DIR: join(folder, 'cache') } });
  return { code, sentence: stderr.split('\n')[0].replace(/^(error|rfclip): /, ''), stdout };
}

describe('what is wrong with a command line is one sentence, with exit code 2:', () => {
  test.each<[string, string[], RegExp]>([
    ['an unknown command that help is asked of', ['nonsense', '--help'], /^unknown command 'nonsense'$/],
    ['help for an unknown command', ['help', 'nonsense'], /^unknown command 'nonsense'$/],
    ['an unknown command of a group', ['weights', 'nonsense', '-h'], /^unknown command 'nonsense'$/],
    ['help for an unknown command of a group', ['weights', 'help', 'nonsense'], /^unknown command 'nonsense'$/],
    [
      'a background for the demo',
      ['demo', '--background', 'wall', '--out', out],
      /^--background was given, but the classes/,
    ],
    [
      'a threshold for the demo',
      ['demo', '--threshold', '0.5', '--out', out],
      /^--threshold was given, but the classes of the demo are fixed/,
    ],
    [
      'a window below the stride of the data set',
      ['eval', 'sample', '--window', '5', '--out', out],
      /^--window 5 is too small without --stride: the configuration for sample has stride 112, which is larger /,
    ],
    [
      'a stride above the window of the data set',
      ['eval', 'sample', '--stride', '300', '--out', out],
      /^--stride 300 is too large: the configuration for sample has stride 300, which is larger than window 224, /,
    ],
    ...(['segment', 'eval', 'demo'] as const).map((command): [string, string[], RegExp] => [
      `${command} with a method that needs a second network`,
      [
        ...(command === 'segment' ? segment : [command, ...(command === 'eval' ? ['sample'] : []), '--out', out]),
        ...CASS,
      ],
      /^the method cass needs a DINO ViT besides CLIP, and none was given$/,
    ]),
    ['an empty command', [''], /^the name of the command is empty, expected one of segment, weights, /],
    ['an empty checkpoint', [...segment, '--checkpoint', ''], /^--checkpoint is empty, expected a file$/],
    ['an empty folder', [...segment, '--out', ''], /^--out is empty, expected a folder$/],
    ['an empty adapter', [...segment, '--adapter', ''], /^--adapter is empty, expected a name$/],
    ['an empty --only', ['conformance', 'x', '--only', ''], /^--only is empty, expected a text$/],
    [
      'an empty image',
      [...segment, ''],
      /^the argument image is empty, expected pictures \(PNG, JPEG, WebP, BMP, GIF\), folders of them, /,
    ],
    [
      'a size beyond the limit',
      [...segment, '--resize', '99999'],
      /--resize .*'99999'.* whole number from 16 to 65536/,
    ],
    ['a window below the usual stride', [...segment, '--window', '5'], /^--window 5 is smaller than 112 pixels, by /],
    [
      'a stride that was given',
      [...segment, '--window', '5', '--stride', '6'],
      /^--stride 6 is larger than --window 5,/,
    ],
  ])('%s', async (_, args, sentence) => {
    expect(await answer(args)).toEqual({ code: 2, sentence: expect.stringMatching(sentence), stdout: '' });
  });
});

it('an adapter that is not there is told by doctor as by all commands, without hints for drivers', async () => {
  const { code, sentence, stdout } = await answer(['doctor', '--adapter', 'nonsense']);
  expect(sentence).toMatch(/^adapter "nonsense" was not found; this machine has: ./);
  expect(code).toBe(2);
  expect(stdout).not.toContain('hint');
});

it('the help of the demo lists no flag that the demo refuses', async () => {
  const { stdout } = await answer(['demo', '--help']);
  expect(stdout).toContain('--method');
  expect(stdout).not.toMatch(/--background|--threshold/);
  expect((await answer(['segment', '--help'])).stdout).toMatch(/--background[^]*--threshold/);
});

it('help for what there is stays', async () => {
  for (const args of [['help'], ['help', 'weights'], ['weights', 'help', 'list'], ['segment', '--help']])
    expect(await answer(args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Usage: rfclip/) });
});

it('a checkpoint that nobody knows: the known ones are named', async () => {
  expect(await answer([...segment, '--quiet', '--checkpoint', 'ViT-B/17'])).toMatchObject({
    code: 1,
    sentence:
      'checkpoint ViT-B/17 does not exist, expected a file, a folder, or one of ViT-B/16, ViT-B/32, ViT-L/14, ' +
      'DINO-ViT-B/8',
  });
});

it('what cannot be written names the true reason', () => {
  const missing = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
  expect(asOutputError(missing, join(folder, 'x')).message).toBe(
    `${join(folder, 'x')} cannot be written: no file can be made in ${folder}`,
  );
  expect(asOutputError(missing, join(folder, 'none', 'x')).message).toMatch(/: the folder .*none does not exist$/);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(describeFailure(full)).toBe('a file cannot be written: no space is left on the disk');
  const lock = new LockError('unwritable', 'out/run.lock', { cause: full });
  expect(lock.message).toBe('the lock file out/run.lock cannot be made: no space is left on the disk');
});
