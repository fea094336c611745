import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { CLIP_ONLY_METHODS } from '../support/methodNames.ts';
import { runCli } from '../support/runCli.ts';
import { cacheWithTextFeatures } from '../support/suiteFolder.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const scene = join(examples, 'scenes/scene_0025.jpg');
const quick = ['--whole', '--resize', '112'];
let folder: string;
let environment: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-compare-'));
  environment = { RFCLIP_CACHE_DIR: cacheWithTextFeatures(join(folder, 'cache')) };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  'segment --method all: a contact sheet, a report and label maps; a row per method; CASS is named as left ' + 'out',
  async () => {
    const out = join(folder, 'all');
    const result = await runCli(
      ['segment', scene, '--classes-file', join(examples, 'classes.txt'), '--method', 'all', '--out', out, ...quick],
      { environment },
    );
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/cass is left out, because it needs a DINO checkpoint/);
    const names = CLIP_ONLY_METHODS;
    for (const name of names) {
      expect(result.stdout).toContain(`│ ${name} `);
      expect(existsSync(join(out, `scene_0025.${name}.label.png`))).toBe(true);
    }
    // The time of a single image is not that of the next.
    expect(result.stdout).toMatch(/│ ms, compiling included │ cost, so measured │/);
    // The mask of the scene lies beside it, but is only that of the demo's classes.
    expect(result.stdout).not.toMatch(/mIoU/);
    const report = JSON.parse(readFileSync(join(out, 'scene_0025.methods.json'), 'utf8'));
    expect(Object.keys(report.methods)).toEqual(names);
    const sheet = await readImage(join(out, 'scene_0025.methods.png'));
    const picture = await readImage(scene);
    expect(sheet.width).toBeGreaterThan(2 * picture.width);
  },
);

test('cass without a DINO checkpoint is refused with a way out', async () => {
  const result = await runCli(
    ['segment', scene, '--classes', 'cat', '--method', 'cass', '--out', join(folder, 'cass'), ...quick],
    { environment },
  );
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/the method cass needs a DINO ViT besides CLIP/);
  expect(result.stderr).toContain('give the DINO ViT-B/8 checkpoint, with --dino or the option dino, or use another');
});

test('ablate over images: all rows in one table, compared with the first', async () => {
  const result = await runCli(['ablate', scene, '--classes', 'soil, moon, horse', '--json', ...quick], { environment });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const { rows } = JSON.parse(result.stdout);
  expect(rows.length).toBe(11);
  expect(rows[0]).toMatchObject({ name: 'layer-averaged key-key attention', agreement: 1 });
});

test('ablate over the sample set reports mIoU; images without classes are refused', async () => {
  const result = await runCli(['ablate', '--limit', '1', ...quick], { environment });
  expect(result.code).toBe(0);
  expect(result.stdout).toMatch(/both, attention to defocus tokens .*\d\d\.\d\d/);
  const refused = await runCli(['ablate', scene], { environment });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/no classes were given/);
});
