import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { EXTREMES_PER_SIDE } from '../../evaluation/results/extremes.ts';
import { runCli } from '../support/runCli.ts';
import { quietEnvironment, readJournal, readResult, startUntil } from '../support/sampleRuns.ts';

/** More images than there are worst and best ones. */
const COUNT = 2 * EXTREMES_PER_SIDE + 4;
const RUN = ['eval', 'sample', '--limit', String(COUNT), '--method', 'clip', '--resize', '64', '--whole'];
let folder: string;
let environment: Record<string, string | undefined>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-pictures-'));
  environment = quietEnvironment(join(folder, 'cache'));
  expect(await evaluate('single', ['--visualize', join(folder, 'pictures'), '--every', '7'])).toMatchObject({
    code: 0,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const evaluate = (out: string, args: readonly string[] = []) =>
  runCli([...RUN, '--out', join(folder, out), ...args], { environment });
const extremesOf = (out: string) => readResult(join(folder, out)).extremes;
/** Name and content of every file of a folder. */
const contents = (name: string) =>
  readdirSync(join(folder, name))
    .sort()
    .map((file) => [file, readFileSync(join(folder, name, file)).toString('base64')]);

test('pictures of every N-th image, thumbnails of the worst and the best', async () => {
  expect(readdirSync(join(folder, 'pictures')).sort()).toEqual(['scene_0000.png', 'scene_0007.png', 'scene_0014.png']);
  const picture = await readImage(join(folder, 'pictures/scene_0000.png'));
  expect(picture.width).toBeGreaterThan(4 * 300);
  const { worst, best } = extremesOf('single');
  expect([worst.length, best.length]).toEqual([EXTREMES_PER_SIDE, EXTREMES_PER_SIDE]);
  const scores = [...worst, ...best.toReversed()].map(({ mIoU }) => mIoU);
  expect(scores).toEqual([...scores].sort((a, b) => a - b));
  expect(readdirSync(join(folder, 'single/thumbnails')).sort()).toEqual(
    [...worst, ...best].map(({ thumbnail }) => thumbnail!.slice('thumbnails/'.length)).sort(),
  );
});

test('killed and resumed, they are the same', async () => {
  const done = () => readJournal(join(folder, 'killed')).length;
  const pictures = ['--visualize', join(folder, 'killed pictures'), '--every', '7'];
  const { child, ended } = await startUntil(
    () => done() >= 3,
    [...RUN, '--out', join(folder, 'killed'), ...pictures],
    environment,
  );
  child.kill('SIGKILL');
  expect(await ended).toMatchObject({ code: null });
  expect(done()).toBeLessThan(COUNT);
  expect(await evaluate('killed', ['--resume', ...pictures])).toMatchObject({
    code: 0,
    stderr: expect.not.stringContaining('have no picture'),
  });
  expect(extremesOf('killed')).toEqual(extremesOf('single'));
  expect(contents('killed/thumbnails')).toEqual(contents('single/thumbnails'));
  expect(contents('killed pictures')).toEqual(contents('pictures'));
});

test('shards, merged, name the same images and have their thumbnails; without thumbnails, none', async () => {
  for (const shard of ['1/2', '2/2']) expect(await evaluate('shards', ['--shard', shard])).toMatchObject({ code: 0 });
  const parts = [1, 2].map((index) => join(folder, `shards/shard-${index}-of-2`));
  expect(
    await runCli(['merge', parts[0], join(parts[1], 'result.json'), '--out', join(folder, 'merged')]),
  ).toMatchObject({ code: 0 });
  expect(extremesOf('merged')).toEqual(extremesOf('single'));
  expect(contents('merged/thumbnails')).toEqual(contents('single/thumbnails'));
  for (const part of parts) rmSync(join(part, 'thumbnails'), { recursive: true });
  expect(await runCli(['merge', ...parts, '--out', join(folder, 'bare')])).toMatchObject({ code: 0 });
  const { worst, best } = extremesOf('bare');
  expect([...worst, ...best].map(({ id }) => id)).toEqual(
    [...extremesOf('single').worst, ...extremesOf('single').best].map(({ id }) => id),
  );
  expect([...worst, ...best].every(({ thumbnail }) => thumbnail === null)).toBe(true);
});

test('says when pictures are asked for too late, or where label maps would be overwritten', async () => {
  expect(await evaluate('single', ['--resume', '--visualize', join(folder, 'late'), '--every', '10'])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/note: 2 of them have no picture and get none/),
  });
  const both = await evaluate('both', [
    '--visualize',
    join(folder, 'same'),
    '--save-predictions',
    join(folder, 'same'),
  ]);
  expect(both).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--save-predictions and --visualize both name .*same, where/),
  });
  expect(existsSync(join(folder, 'both/manifest.json'))).toBe(false);
});
