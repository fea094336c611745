import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, test } from 'vitest';
import { isOwnFile } from '../../system/ownFiles.ts';
import { writeRandomCheckpoint } from '../support/randomCheckpoint.ts';
import { runCli } from '../support/runCli.ts';
import { LIBRARY_CONFIG } from '../support/useSmallModel.ts';
import { cacheWithTextFeatures } from '../support/suiteFolder.ts';

const scene = fileURLToPath(new URL('../../examples/scenes/scene_0025.jpg', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-explain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const out = join(folder, 'out');
const page = join(out, 'explain.html');
const environment = { RFCLIP_CACHE_DIR: cacheWithTextFeatures(join(folder, 'cache')) };
const explain = (...args: string[]) =>
  runCli(['explain', scene, '--classes', 'soil, moon, horse', '--resize', '112', '--out', out, ...args], {
    environment,
  });

describe('rfclip explain', () => {
  it('writes one page, which a later run replaces', async () => {
    const first = await explain();
    expect(first).toMatchObject({ code: 0, stdout: `${scene} -> ${page}\n` });
    expect(first.stderr).toContain('rfclip-paper: traced');
    expect(readdirSync(out)).toEqual(['explain.html']);
    expect(isOwnFile(page)).toBe(true);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('"title":"moon"');
    // Where the checkpoint lies is nobody's business but the user's.
    expect(text).not.toContain(process.cwd());

    const second = await explain('--at', '50,60', '--at', '447,335', '--method', 'clip', 'maskclip', '--json');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toEqual({
      image: scene,
      page,
      points: [
        { x: 50, y: 60, title: '50,60' },
        { x: 447, y: 335, title: '447,335' },
      ],
      methods: ['clip', 'maskclip'],
      notices: [],
    });
    expect(readFileSync(page, 'utf8')).not.toContain('"title":"moon"');
  });

  it('does not replace what it did not make', async () => {
    const foreign = join(folder, 'foreign');
    mkdirSync(foreign);
    writeFileSync(join(foreign, 'explain.html'), '<p>mine</p>');
    const { code, stderr } = await explain('--out', foreign);
    expect(code).toBe(1);
    expect(stderr).toContain('explain.html would be replaced, but rfclip did not make it');
    expect(readFileSync(join(foreign, 'explain.html'), 'utf8')).toBe('<p>mine</p>');
  });

  test.each<[string, string[], number, RegExp]>([
    ['a point that is none', ['--at', '5'], 2, /argument '5' is invalid\. expected two whole numbers, pixels from/],
    ['a negative point', ['--at=-5,3'], 2, /argument '-5,3' is invalid/],
    [
      'a point outside of the image',
      ['--at', '10,10', '--at', '448,3'],
      2,
      /^rfclip: --at 448,3 lies outside of .*scene_0025\.jpg, which has 448 x 336 pixels, counted from 0/,
    ],
    [
      'too many points',
      Array.from({ length: 9 }, () => ['--at', '1,1']).flat(),
      2,
      /^rfclip: --at was given 9 times, expected at most 8 points/,
    ],
    [
      'an image of too few patches',
      ['--resize', '16'],
      2,
      /scene_0025\.jpg has 21 x 16 pixels for the network, which are 1 of its patches of 16, expected at least 4/,
    ],
    ['an unknown method', ['--method', 'nonsense'], 2, /argument 'nonsense' is invalid\. Allowed choices are rfclip,/],
    ['a method that lacks DINO', ['--method', 'cass'], 2, /^rfclip: the method cass needs a DINO ViT besides CLIP/],
    ['a missing image', [join(folder, 'nothing.png')], 2, /too many arguments/],
  ])('%s is told in one sentence', async (_, args, code, sentence) => {
    const result = await explain(...args);
    expect(result.stderr.replace(/^error: /, '')).toMatch(sentence);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(result).toMatchObject({ code, stdout: '' });
  });

  it('says what a checkpoint without known distraction dimensions needs', async () => {
    const checkpoint = writeRandomCheckpoint(join(folder, 'random.safetensors'), LIBRARY_CONFIG);
    const { code, stderr } = await explain('--method', 'clip', '--checkpoint', checkpoint);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/random\.safetensors has no known distraction dimensions, which rfclip-paper needs/);
  });
});
