import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { countPixels, emptyConfusion, storeConfusion } from '../../datasets/confusion.ts';
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

const CLASSES = 52;
let folder: string;
let environment: Record<string, string | undefined>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-eval-'));
  environment = quietEnvironment(join(folder, 'cache'));
  copyScenes(join(folder, 'data'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const command = (out: string) => [
  'eval',
  'folder',
  '--data',
  join(folder, 'data'),
  ...QUICK,
  '--out',
  join(folder, out),
];
const evaluate = (out: string, args: readonly string[] = [], more: Record<string, string> = {}) =>
  runCli([...command(out), ...args], { environment: { ...environment, ...more } });
const resultOf = (out: string) => readResult(join(folder, out));
const journalOf = (out: string) => readJournal(join(folder, out));

/** Starts an evaluation and signals it once its journal holds an image. */
async function signalled(out: string, ...signals: NodeJS.Signals[]): Promise<{ code: number | null; stderr: string }> {
  const { child, ended } = await startUntilFirstImage(command(out), join(folder, out), environment);
  for (const signal of signals) child.kill(signal);
  return ended;
}

describe('rfclip eval', () => {
  test('counts what the saved label maps and the labels say, and prints the table', async () => {
    const result = await evaluate('single', ['--save-predictions', join(folder, 'predictions')]);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/mIoU \d+\.\d\d, mAcc \d+\.\d\d, aAcc \d+\.\d\d in percent, .*: 8 of 8 images/);
    expect(result.stderr).toMatch(/\[8\/8\] scene_0007: mIoU \d+\.\d\d, .* images\/s, 0:00 left/);
    const confusion = emptyConfusion(CLASSES);
    for (const id of SCENES) {
      const [prediction, truth] = [
        await readLabelMap(join(folder, 'predictions', `${id}.png`)),
        await readLabelMap(join(folder, 'data/SegmentationClass', `${id}.png`)),
      ];
      expect([prediction.width, prediction.height]).toEqual([truth.width, truth.height]);
      countPixels(confusion, prediction.data, truth.data);
    }
    const written = resultOf('single');
    expect(written.confusion).toEqual(storeConfusion(confusion));
    expect(written).toMatchObject({
      images: { selected: 8, counted: 8 },
      failures: [],
      labelsOutOfRange: 0,
      evaluation: { configuration: { method: 'rfclip', settings: { window: 0, resize: [2048, 112] } } },
    });
    expect(readFileSync(join(folder, 'single/result.csv'), 'utf8').split('\r\n')).toHaveLength(CLASSES + 2);
    expect(readFileSync(join(folder, 'single/result.md'), 'utf8')).toContain('8 of 8 images');
  });

  test('killed, goes on where its journal ends and counts nothing twice; interrupted, says how to go on', async () => {
    expect(await signalled('killed', 'SIGKILL')).toMatchObject({ code: null });
    const done = journalOf('killed').length;
    expect(done).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'killed/result.json'))).toBe(false);
    appendFileSync(join(folder, 'killed/journal.ndjson'), '{"sum":"0123');
    expect(await evaluate('killed', ['--resume'])).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`${done} of 8 images were done before`),
    });
    expect(journalOf('killed').map(({ id }) => id)).toEqual(SCENES);
    expect(resultOf('killed').confusion).toEqual(resultOf('single').confusion);

    const interrupted = await signalled('interrupted', 'SIGINT');
    expect(interrupted).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/To go on: (npx )?rfclip eval folder .* --resume\n/),
    });
    // A scheduler that signals the group and a wrapper that passes it on mean one request.
    const twice = await signalled('twice', 'SIGTERM', 'SIGINT');
    expect(twice.stderr).toMatch(/To go on: (npx )?rfclip eval folder/);
    expect([130, 143]).toContain(twice.code);
    expect(existsSync(join(folder, 'twice/run.lock'))).toBe(false);
    expect(await evaluate('interrupted', ['--resume'])).toMatchObject({ code: 0 });
    expect(resultOf('interrupted').confusion).toEqual(resultOf('single').confusion);
  });

  test('shards from the environment, merged, are the single run', async () => {
    const tasks = [0, 1].map((task) => ({
      SLURM_ARRAY_TASK_ID: String(task + 1),
      SLURM_ARRAY_TASK_MIN: '1',
      SLURM_ARRAY_TASK_COUNT: '2',
    }));
    for (const task of tasks)
      expect(await evaluate('shards', [], task)).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/shard [12] of 2, from SLURM_ARRAY_TASK_ID=/),
      });
    const parts = [1, 2].map((index) => join(folder, `shards/shard-${index}-of-2`));
    expect(await runCli(['merge', parts[0], '--out', join(folder, 'part')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('shard 2 of 2 is missing'),
    });
    expect(await runCli(['merge', ...parts, '--out', join(folder, 'merged')])).toMatchObject({ code: 0 });
    expect(resultOf('merged')).toMatchObject({
      confusion: resultOf('single').confusion,
      metrics: resultOf('single').metrics,
    });
    expect(await runCli(['merge', parts[0], join(folder, 'single'), '--out', join(folder, 'part')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the number of shards is 1 and 2'),
    });
  });

  test('an image that cannot be read is named and left out, and the exit code says so', async () => {
    copyScenes(join(folder, 'damaged'), SCENES.slice(0, 4));
    const image = join(folder, 'damaged/JPEGImages', `${SCENES[1]}.jpg`);
    writeFileSync(image, readFileSync(image).subarray(0, 3000));
    rmSync(join(folder, 'damaged/SegmentationClass', `${SCENES[2]}.png`));
    const result = await runCli(
      [
        'eval',
        'sample',
        '--data',
        join(folder, 'damaged'),
        ...QUICK,
        '--method',
        'clip',
        '--out',
        join(folder, 'partly'),
      ],
      { environment },
    );
    expect(result).toMatchObject({ code: 3 });
    expect(result.stderr).toMatch(/^rfclip: scene_0001: .*scene_0001.jpg/m);
    expect(result.stderr).toMatch(/^rfclip: 2 of 4 images were not evaluated/m);
    expect(resultOf('partly')).toMatchObject({
      images: { selected: 4, counted: 2 },
      failures: [{ id: SCENES[1] }, { id: SCENES[2] }],
    });
  });
});

describe('rfclip eval, bad input: one sentence', () => {
  const out = () => join(folder, 'bad');
  const cases: [string, number, () => string[], RegExp][] = [
    [
      'an unknown data set',
      2,
      () => ['imagenet', '--out', out()],
      /there is no data set imagenet, expected one of all, voc21/,
    ],
    ['no output folder', 2, () => ['sample'], /required option '--out <folder>'/],
    ['no data folder', 2, () => ['voc21', '--out', out()], /the data set voc21 needs --data/],
    [
      'a data folder without the data',
      1,
      () => ['voc21', '--data', folder, '--out', out()],
      /does not hold PASCAL VOC 2012[^]*download/,
    ],
    [
      'a shard that is none',
      2,
      () => ['sample', '--shard', '3/2', '--out', out()],
      /--shard 3\/2 would be shard 3 of 2/,
    ],
    [
      'pictures thinned out that nobody asked for',
      2,
      () => ['sample', '--every', '5', '--out', out()],
      /--every was given without --visualize/,
    ],
    [
      'a stride beyond the window',
      2,
      () => ['sample', '--stride', '300', '--out', out()],
      /stride 300, which is larger than window 224/,
    ],
    [
      'a list of strangers',
      1,
      () => ['sample', '--images', join(folder, 'strangers.txt'), '--out', out()],
      /names stranger, which is no image/,
    ],
    [
      'a run that is there',
      1,
      () => ['folder', '--data', join(folder, 'data'), ...QUICK, '--out', join(folder, 'single')],
      /holds a run already\n.*--resume/,
    ],
    [
      'another run that is there',
      1,
      () => ['folder', '--data', join(folder, 'data'), '--whole', '--resume', '--out', join(folder, 'single')],
      /cannot go on, because the setting resize is \[2048,336\], it was \[2048,112\]/,
    ],
  ];
  test.each(cases)('%s', async (_name, code, args, sentence) => {
    writeFileSync(join(folder, 'strangers.txt'), 'stranger\n');
    const result = await runCli(['eval', ...args()], { environment });
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toMatch(/unexpected failure|\n\s+at /);
    expect(result).toMatchObject({ code, stdout: '' });
  });
});
