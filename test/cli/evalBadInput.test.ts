import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodePalettePng } from '../../pictures/encodePng.ts';
import { vocPalette } from '../../pictures/palette.ts';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { runCli } from '../support/runCli.ts';
import {
  copyScenes,
  QUICK,
  quietEnvironment,
  readJournal,
  readResult,
  SCENES,
  startUntilFirstImage,
} from '../support/sampleRuns.ts';

let folder: string;
let environment: Record<string, string | undefined>;
let single: EvaluationResult;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-bad-input-'));
  environment = quietEnvironment(join(folder, 'cache'));
  copyScenes(join(folder, 'data'));
  expect(await run('single')).toMatchObject({ code: 0 });
  single = readResult(join(folder, 'single'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const command = (out: string, data = 'data') => [
  'eval',
  'folder',
  '--data',
  join(folder, data),
  ...QUICK,
  '--method',
  'naclip',
  '--out',
  join(folder, out),
];
const run = (out: string, args: readonly string[] = [], data?: string) =>
  runCli([...command(out, data), ...args], { environment });
const idsIn = (out: string) => readJournal(join(folder, out)).map(({ id }) => id);

/** Whether a file system of a given size can be mounted here; that takes root and not just any container. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), 'rfclip-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

describe('rfclip eval: nothing lost, nothing counted twice', () => {
  test('a second run on the folder of one that is at work is turned away, and the first does not notice', async () => {
    const first = await startUntilFirstImage(command('shared'), join(folder, 'shared'), environment);
    const second = await run('shared', ['--resume']);
    expect(first.child.exitCode).toBe(null);
    expect(second).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^rfclip: the folder of .*run\.lock is in use by another run \(process \d+ on .*\)\n/m,
      ),
    });
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(readResult(join(folder, 'shared')).confusion).toEqual(single.confusion);
    expect(idsIn('shared')).toEqual(SCENES);
  });

  test('a checkpoint that changed since the run was begun stops it; the old one goes on', async () => {
    const checkpoint = join(folder, 'checkpoint.safetensors');
    copyFileSync(EMBEDDED_CHECKPOINT, checkpoint);
    const flags = ['--checkpoint', checkpoint];
    const { child, ended } = await startUntilFirstImage(
      [...command('changed'), ...flags],
      join(folder, 'changed'),
      environment,
    );
    child.kill('SIGKILL');
    await ended;
    const original = readFileSync(checkpoint);
    const other = Buffer.from(original);
    other[other.length - 3] ^= 1;
    writeFileSync(checkpoint, other);
    const before = readFileSync(join(folder, 'changed/journal.ndjson'));
    expect(await run('changed', [...flags, '--resume'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^rfclip: the run in .* cannot go on, because the checkpoint \(sha256\) is [0-9a-f]{12}, it was [0-9a-f]{12}\n/m,
      ),
    });
    expect(readFileSync(join(folder, 'changed/journal.ndjson'))).toEqual(before);
    writeFileSync(checkpoint, original);
    expect(await run('changed', [...flags, '--resume'])).toMatchObject({ code: 0 });
    expect(readResult(join(folder, 'changed')).confusion).toEqual(single.confusion);
  });

  test.skipIf(!canMount())(
    'a full disk ends the run with a sentence; with room again it goes on (needs root, to mount a small file system)',
    async () => {
      const out = join(folder, 'full');
      mkdirSync(out);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', out]);
      try {
        const stopped = await run('full');
        expect(stopped).toMatchObject({ code: 1, stdout: '' });
        expect(stopped.stderr).toMatch(/no space is left|ENOSPC/);
        expect(stopped.stderr).not.toMatch(/unexpected failure|\n\s+at /);
        expect(existsSync(join(out, 'result.json'))).toBe(false);
        execFileSync('mount', ['-o', 'remount,size=64m', out]);
        expect(await run('full', ['--resume'])).toMatchObject({ code: 0 });
        expect(readResult(out).confusion).toEqual(single.confusion);
        expect(idsIn('full')).toEqual(SCENES);
      } finally {
        execFileSync('umount', [out]);
      }
    },
  );

  test('files that do not belong together are named, left out and counted as failures', async () => {
    copyScenes(join(folder, 'mixed'), SCENES.slice(0, 4));
    appendFileSync(join(folder, 'mixed/ImageSets/Segmentation/val.txt'), '\nghost');
    const label = (id: string) => join(folder, 'mixed/SegmentationClass', `${id}.png`);
    writeFileSync(label(SCENES[1]), encodePalettePng(new Uint8Array(20 * 30), 30, 20, vocPalette(52)));
    const truth = await readLabelMap(label(SCENES[2]));
    const labels = Uint8Array.from(truth.data, (value, i) => (i < 100 ? 200 : i < 150 ? 255 : value));
    writeFileSync(label(SCENES[2]), encodePalettePng(labels, truth.width, truth.height, vocPalette(256)));
    const picture = (id: string) => join(folder, 'mixed/JPEGImages', `${id}.jpg`);
    writeFileSync(picture(SCENES[3]), 'no picture');
    const whole = readFileSync(picture(SCENES[0]));
    const endOfImage = Buffer.of(0xff, 0xd9);
    writeFileSync(picture(SCENES[0]), Buffer.concat([whole.subarray(0, Math.floor(whole.length * 0.7)), endOfImage]));
    const result = await run('mixed-out', [], 'mixed');
    expect(result).toMatchObject({ code: 3 });
    expect(result.stderr).toMatch(
      /^rfclip: ghost: the image .*ghost\.jpg does not exist, and the label map .*ghost\.png does not exist$/m,
    );
    expect(result.stderr).toMatch(
      /^rfclip: scene_0001: .*scene_0001\.png has 30 x 20 pixels, but .*scene_0001\.jpg has \d+ x \d+; a label map must have the size of its image$/m,
    );
    expect(result.stderr).toMatch(/^rfclip: scene_0003: .*scene_0003\.jpg/m);
    expect(result.stderr).toMatch(
      /^note: .*scene_0000\.jpg has damaged JPEG data; the damaged part was filled in as OpenCV does$/m,
    );
    expect(result.stderr).toMatch(/^note: 100 pixels have a label that is no class and not 255/m);
    expect(result.stderr).toMatch(/^rfclip: 3 of 5 images were not evaluated/m);
    const { images, failures, labelsOutOfRange } = readResult(join(folder, 'mixed-out'));
    expect({ images, labelsOutOfRange, failures: failures.map(({ id }) => id) }).toEqual({
      images: { selected: 5, counted: 2 },
      labelsOutOfRange: 100,
      failures: ['ghost', SCENES[1], SCENES[3]],
    });
  });
});
