import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { runCli } from '../support/runCli.ts';
import { cacheWithTextFeatures } from '../support/suiteFolder.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const scene = join(examples, 'scenes/scene_0033.jpg');
let folder: string;
let cache: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-cli-'));
  cache = { RFCLIP_CACHE_DIR: cacheWithTextFeatures(join(folder, 'cache')) };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const segment = (args: string[]) => runCli(['segment', ...args], { environment: cache });

describe('rfclip segment, good input', () => {
  test('writes a label map, an overlay and a report for every image, and labels the textures of a scene', async () => {
    const out = join(folder, 'good');
    const result = await segment([
      scene,
      join(examples, 'photos/rocket.jpg'),
      '--classes',
      'water, tiles; tiled floor, umbrella, night sky',
      '--out',
      out,
    ]);
    expect(result).toMatchObject({ code: 0 });
    expect(readdirSync(out).sort()).toEqual([
      'rocket.json',
      'rocket.label.png',
      'rocket.overlay.png',
      'scene_0033.json',
      'scene_0033.label.png',
      'scene_0033.overlay.png',
    ]);
    const mask = await readLabelMap(scene.replace('.jpg', '.mask.png'));
    const labels = await readLabelMap(join(out, 'scene_0033.label.png'));
    expect([labels.width, labels.height]).toEqual([mask.width, mask.height]);
    // Class lines of the mask: water and tiles cover most of the scene, whatever else the checkpoint sees in it.
    const names = readFileSync(join(examples, 'classes.txt'), 'utf8')
      .split('\n')
      .map((line) => line.split(', ')[0]);
    let right = 0;
    let all = 0;
    mask.data.forEach((label, i) => {
      const expected = ['water', 'tiles'].indexOf(names[label]);
      if (expected < 0) return;
      all++;
      if (labels.data[i] === expected) right++;
    });
    expect(all).toBeGreaterThan(0.3 * mask.data.length);
    expect(right / all).toBeGreaterThan(0.8);
    const overlay = await readImage(join(out, 'scene_0033.overlay.png'));
    expect(overlay.width).toBeGreaterThanOrEqual(mask.width);
    const report = JSON.parse(readFileSync(join(out, 'scene_0033.json'), 'utf8'));
    expect(report).toMatchObject({ method: 'rfclip', width: mask.width, height: mask.height });
    expect(report.classes.reduce((sum: number, entry: { pixels: number }) => sum + entry.pixels, 0)).toBe(
      mask.data.length,
    );
    for (const entry of report.classes) expect(entry.meanProbability).toBeGreaterThan(0);
    // At least the weights of the image tower, five layers of width 128.
    expect(report.peakBufferBytes).toBeGreaterThan(4_000_000);
    expect(result.stdout).toContain('scene_0033.label.png');
  });

  test('--json prints one document and nothing else; --background takes what no class claims', async () => {
    const result = await segment([
      scene,
      '--classes',
      'umbrella',
      '--background',
      'wall',
      '--threshold',
      '1',
      '--whole',
      '--out',
      join(folder, 'json'),
      '--json',
    ]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const { results, failures } = JSON.parse(result.stdout);
    expect(failures).toEqual([]);
    // No probability reaches 1 with two classes, so every pixel goes to the background.
    expect(results[0].classes).toMatchObject([{ name: 'wall', label: 0, share: 1 }]);
  });

  test('every method and PAMR run; several images with one name get different files', async () => {
    for (const method of ['clip', 'maskclip', 'sclip', 'naclip', 'rfclip-refocus']) {
      const out = join(folder, method);
      const result = await segment([
        scene,
        scene,
        '--classes',
        'water, wood floor',
        '--method',
        method,
        '--whole',
        '--resize',
        '112',
        '--pamr',
        '--out',
        out,
      ]);
      expect(result, method).toMatchObject({ code: 0 });
      expect(existsSync(join(out, 'scene_0033-2.label.png'))).toBe(true);
    }
  });
});

describe('rfclip segment, bad input', () => {
  const usage: [string, string[], RegExp][] = [
    ['no image', ['--classes', 'cat'], /missing required argument 'image'/],
    ['no classes', [scene], /no classes were given/],
    ['both kinds of classes', [scene, '--classes', 'cat', '--classes-file', 'x'], /both given/],
    ['an empty list', [scene, '--classes', ' '], /--classes is empty/],
    ['an empty name', [scene, '--classes', 'cat,,dog'], /class 2 has an empty name/],
    ['a name twice', [scene, '--classes', 'cat, Cat'], /"Cat", which already stands for the class "cat"/],
    [
      'a name beyond the context',
      [scene, '--classes', `${'very '.repeat(90)}cat`],
      /the class name "very very .*" has 91 tokens/,
    ],
    [
      'an unknown method',
      [scene, '--classes', 'cat', '--method', 'magic'],
      /'magic' is invalid. Allowed choices are rfclip/,
    ],
    ['an unknown option', [scene, '--classes', 'cat', '--frobnicate'], /unknown option '--frobnicate'/],
    [
      'an unknown adapter',
      [scene, '--classes', 'cat', '--adapter', 'abacus'],
      /adapter "abacus" was not found; this machine has/,
    ],
    [
      'a threshold without a background',
      [scene, '--classes', 'cat', '--threshold', '0.5'],
      /--threshold needs --background/,
    ],
    [
      'a threshold that is no probability',
      [scene, '--classes', 'cat', '--background', 'x', '--threshold', '7'],
      /expected a number from 0 to 1/,
    ],
    [
      'a stride beyond the window',
      [scene, '--classes', 'cat', '--stride', '225'],
      /--stride 225 is larger than --window 224/,
    ],
    ['a window that is no number', [scene, '--classes', 'cat', '--window', 'big'], /expected a whole number from 1/],
  ];
  test.each(usage)('%s: one sentence, exit code 2', async (_name, args, sentence) => {
    const result = await segment([...args, '--out', join(folder, 'usage')]);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect(result).toMatchObject({ code: 2, stdout: '' });
  });

  test('an unknown command: exit code 2', async () => {
    expect(await runCli(['segmnt'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('images that cannot be used are named, the others are done, exit code 3, nothing half-written', async () => {
    const bad = join(folder, 'bad');
    mkdirSync(join(bad, 'empty'), { recursive: true });
    const jpeg = readFileSync(scene);
    const png = readFileSync(join(examples, 'photos/chelsea.png'));
    writeFileSync(join(bad, 'empty.jpg'), '');
    writeFileSync(join(bad, 'text.png'), 'this is no picture');
    writeFileSync(join(bad, 'cut.jpg'), jpeg.subarray(0, jpeg.length / 2));
    writeFileSync(join(bad, 'cut.png'), png.subarray(0, png.length / 2));
    const huge = Buffer.from(png);
    huge.writeUInt32BE(60000, 16);
    writeFileSync(join(bad, 'lies.png'), huge);
    const names = ['empty.jpg', 'text.png', 'cut.jpg', 'cut.png', 'lies.png', 'missing.png'];
    const out = join(folder, 'partly');
    const result = await segment([
      ...names.map((name) => join(bad, name)),
      join(bad, 'empty'),
      scene,
      '--classes',
      'cat, water',
      '--whole',
      '--out',
      out,
    ]);
    expect(result.code).toBe(3);
    for (const name of names) expect(result.stderr, name).toMatch(new RegExp(`^rfclip: .*${name}`, 'm'));
    expect(result.stderr).toMatch(/is a folder/);
    expect(result.stderr).not.toMatch(/unexpected failure|\n\s+at /);
    expect(readdirSync(out).sort()).toEqual(['scene_0033.json', 'scene_0033.label.png', 'scene_0033.overlay.png']);
  });

  test('an image smaller than a patch is refused by size', async () => {
    const result = await segment([
      join(examples, 'photos/rocket.jpg'),
      '--classes',
      'cat',
      '--window',
      '8',
      '--stride',
      '8',
      '--out',
      join(folder, 'small'),
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/8x8 pixels is smaller than one patch of 16x16/);
  });

  test('checkpoints that are missing, damaged or no CLIP: exit code 1', async () => {
    const cut = join(folder, 'cut.safetensors');
    writeFileSync(
      cut,
      readFileSync(fileURLToPath(new URL('../../clip/weights/microclip.safetensors', import.meta.url))).subarray(
        0,
        500_000,
      ),
    );
    for (const [checkpoint, sentence] of [
      [join(folder, 'none.safetensors'), /does not exist/],
      [scene, /is not a usable safetensors file/],
      [cut, /is not a usable safetensors file: tensor .* the file holds/],
    ] as const) {
      const result = await segment([
        scene,
        '--classes',
        'cat',
        '--checkpoint',
        checkpoint,
        '--out',
        join(folder, 'checkpoint'),
      ]);
      expect(result.code).toBe(1);
      expect(result.stderr).toMatch(sentence);
    }
  });

  test('output folders that cannot be used: exit code 1', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    for (const out of [join(file, 'x'), file, '/proc/rfclip/x']) {
      const result = await segment([scene, '--classes', 'cat', '--out', out]);
      expect(result.code, out).toBe(1);
      expect(result.stderr).toMatch(/the output folder .* cannot be used/);
    }
  });

  test('a folder that may not be written to: exit code 1', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere');
    const locked = join(folder, 'locked');
    mkdirSync(locked);
    chmodSync(locked, 0o500);
    expect(await segment([scene, '--classes', 'cat', '--out', locked])).toMatchObject({ code: 1 });
  });

  test('no GPU: one sentence with a way out, exit code 1', async () => {
    const result = await runCli(['segment', scene, '--classes', 'cat', '--out', join(folder, 'nogpu')], {
      environment: { ...cache, VK_DRIVER_FILES: '/nonexistent', VK_ICD_FILENAMES: '/nonexistent' },
    });
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/no GPU adapter was found/);
    expect(result.stderr).toMatch(/rfclip doctor/);
  });
});

describe('rfclip doctor', () => {
  test('checks a matrix product and every family of kernels', async () => {
    const result = await runCli(['doctor', '--json']);
    expect(result.code).toBe(0);
    const found = JSON.parse(result.stdout) as { kernels: { ok: boolean }[] };
    expect(found).toMatchObject({ matmul: { ok: true, largestError: 0 } });
    expect(found.kernels.map(({ ok }) => ok)).toEqual(found.kernels.map(() => true));
  });

  test('without a GPU: exit code 1 and hints', async () => {
    const result = await runCli(['doctor'], {
      environment: { VK_DRIVER_FILES: '/nonexistent', VK_ICD_FILENAMES: '/nonexistent' },
    });
    expect(result.code).toBe(1);
    expect(result.stdout).toMatch(/hint/);
  });
});
