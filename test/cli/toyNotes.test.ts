import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeUnder, noiseJpeg, noiseLabels } from '../datasets/miniatures.ts';
import { runCli } from '../support/runCli.ts';
import { cacheWithTextFeatures } from '../support/suiteFolder.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scene = join(root, 'examples/scenes/scene_0025.jpg');
const photo = join(root, 'examples/photos/rocket.jpg');
const quick = ['--whole', '--resize', '112'];
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-toy-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) =>
  runCli(args, { environment: { RFCLIP_CACHE_DIR: cacheWithTextFeatures(join(folder, 'cache')) } });
const segment = (image: string, classes: string, ...flags: string[]) =>
  run('segment', image, '--classes', classes, '--out', join(folder, 'out'), ...quick, ...flags);
const count = (text: string, pattern: RegExp) => text.match(new RegExp(pattern, 'g'))?.length ?? 0;
const WORDS = /note: the embedded checkpoint was never taught "zebra": /;
const PHOTOGRAPHS = /note: the embedded checkpoint knows drawings, not photographs: /;

describe('the embedded checkpoint', () => {
  it.each([[[]], [['--method', 'all']]])(
    'says once which words and pictures it was not made for, %j',
    async (flags) => {
      const unknown = await segment(photo, 'moon, zebra', ...flags);
      expect(unknown.code).toBe(0);
      expect([count(unknown.stderr, WORDS), count(unknown.stderr, PHOTOGRAPHS)]).toEqual([1, 1]);
      const known = await segment(scene, 'moon, soil', ...flags);
      expect(known.stderr).not.toMatch(/embedded checkpoint/);
      const json = await segment(photo, 'moon, zebra', '--json', ...flags);
      expect(json).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('says so in eval and ablate too, but of photographs not where its own scenes are', async () => {
    writeUnder(join(folder, 'voc'), 'classes.txt', 'zebra\ngrass\n');
    writeUnder(join(folder, 'voc'), 'ImageSets/Segmentation/val.txt', 'a\n');
    writeUnder(join(folder, 'voc'), 'JPEGImages/a.jpg', noiseJpeg(1, 60, 50));
    writeUnder(join(folder, 'voc'), 'SegmentationClass/a.png', noiseLabels(1, 2, 60, 50));
    const own = await run('eval', 'folder', '--data', join(folder, 'voc'), '--out', join(folder, 'eval'), ...quick);
    expect([count(own.stderr, WORDS), count(own.stderr, PHOTOGRAPHS)]).toEqual([1, 1]);
    const ablation = await run('ablate', photo, '--classes', 'moon, zebra', ...quick);
    expect([count(ablation.stderr, WORDS), count(ablation.stderr, PHOTOGRAPHS)]).toEqual([1, 1]);
    const sample = await run('eval', 'sample', '--limit', '2', '--out', join(folder, 'sample'), ...quick);
    expect(sample.stderr).not.toMatch(/embedded checkpoint/);
    // The method, the image's own mIoU, and the running one: at first they are equal.
    expect(sample.stderr).toMatch(
      /^rfclip \[1\/2\] scene_0000: mIoU (\d+\.\d\d), so far \1, .* images\/s, 0:\d\d left$/m,
    );
    expect(sample.stderr).toMatch(/^rfclip \[2\/2\] scene_0001: mIoU \d+\.\d\d, so far \d+\.\d\d, /m);
  });
});

describe('--method all --json', () => {
  it('has of every image by every method what one method has', async () => {
    const [one, all] = await Promise.all([
      segment(scene, 'moon, soil', '--json', '--method', 'naclip'),
      run(
        'segment',
        scene,
        '--classes',
        'moon, soil',
        '--out',
        join(folder, 'all'),
        ...quick,
        '--json',
        '--method',
        'all',
      ),
    ]);
    const [expected] = JSON.parse(one.stdout).results;
    const { methods } = JSON.parse(all.stdout);
    for (const { method, results } of methods) {
      expect(results).toHaveLength(1);
      expect(Object.keys(results[0]).sort()).toEqual(Object.keys(expected).sort());
      expect(results[0]).toMatchObject({ method, image: expected.image, width: expected.width });
      expect(Object.keys(results[0].milliseconds)).toEqual(Object.keys(expected.milliseconds));
      for (const path of Object.values<string>(results[0].files)) expect(readFileSync(path).length).toBeGreaterThan(0);
    }
    const naclip = methods.find(({ method }: { method: string }) => method === 'naclip').results[0];
    expect(naclip.classes).toEqual(expected.classes);
  });
});
