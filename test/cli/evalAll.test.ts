import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { BENCHMARKS } from '../../datasets/benchmarks/index.ts';
import { openDataSet } from '../../datasets/dataSet.ts';
import { countByOracle } from '../datasets/countOracle.ts';
import { buildMiniature } from '../datasets/miniatures.ts';
import { runCli } from '../support/runCli.ts';
import { quietEnvironment, readJournal, readResult, startUntil, startUntilFirstImage } from '../support/sampleRuns.ts';

const SMALL = ['--resize', '64', '--window', '64', '--stride', '64', '--method', 'clip'];
/**
 * Roots that keep the eight apart below one folder, as MMSegmentation's guide does; COCO-Object gets one of its own.
 */
const ROOTS: Record<string, string> = {
  voc21: 'VOCdevkit/VOC2012',
  voc20: 'VOCdevkit/VOC2012',
  context60: 'VOCdevkit/VOC2010',
  context59: 'VOCdevkit/VOC2010',
  'coco-object': 'coco',
  'coco-stuff': 'coco_stuff164k',
  cityscapes: 'cityscapes',
  ade20k: 'ade/ADEChallengeData2016',
};
let folder: string;
let environment: Record<string, string | undefined>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-eval-all-'));
  environment = quietEnvironment(join(folder, 'cache'));
  // The classes of voc20 and context59 are voc21's and context60's without background, in the same files.
  for (const benchmark of BENCHMARKS.filter(({ name }) => name !== 'voc20' && name !== 'context59'))
    buildMiniature(benchmark, join(folder, 'data'), benchmark.layout.roots.indexOf(ROOTS[benchmark.name]));
  writeFileSync(join(folder, 'places.yaml'), `data: { coco-object: ${join(folder, 'data/coco')} }\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const commandOf = (args: readonly string[]) => [
  'eval',
  'all',
  ...SMALL,
  '--config',
  join(folder, 'places.yaml'),
  ...args,
];
const evaluateAll = (args: readonly string[]) => runCli(commandOf(args), { environment });
const read = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');

describe('rfclip eval all', () => {
  test('evaluates the eight beside published figures; compare prints the table again', async () => {
    const result = await evaluateAll(['--data', join(folder, 'data'), '--out', join(folder, 'out')]);
    expect(result).toMatchObject({ code: 0 });
    const results = BENCHMARKS.map(({ name }) => readResult(join(folder, 'out', name)));
    expect(results.map(({ images }) => images.counted)).toEqual(BENCHMARKS.map(() => 3));
    const row = (name: string, figures: string) =>
      expect(result.stdout).toMatch(new RegExp(`│ ${name} +│ +\\d+\\.\\d\\d │ +${figures}`));
    row('voc21', '64\\.8 │ +67\\.2 │');
    row('ade20k', '20\\.4 │ +21\\.0 │');
    expect(result.stderr).toContain('voc21, clip: 3 images, while published figures are of 1449');
    expect(read('out', 'all.md').match(/^\| [a-z0-9-]+ \| \d+\.\d\d \|/gm)).toHaveLength(8);
    expect((await runCli(['compare', join(folder, 'out')])).stdout).toBe(
      result.stdout.slice(0, result.stdout.indexOf('results:')),
    );
  });

  test(
    'killed again and again, resumed, and split into shards that are merged, it counts what the oracle ' + 'counts',
    async () => {
      const args = [
        '--data',
        join(folder, 'data'),
        '--out',
        join(folder, 'killed'),
        '--save-predictions',
        join(folder, 'predictions'),
      ];
      const done = () =>
        BENCHMARKS.reduce((sum, { name }) => sum + readJournal(join(folder, 'killed', name)).length, 0);
      for (const images of [1, 8, 17]) {
        const { child, ended } = await startUntil(
          () => done() >= images,
          commandOf([...args, '--resume']),
          environment,
        );
        child.kill('SIGKILL');
        expect(await ended).toMatchObject({ code: null });
        expect(done()).toBeLessThan(3 * BENCHMARKS.length);
      }
      expect(existsSync(join(folder, 'killed/all.md'))).toBe(false);
      expect(await evaluateAll([...args, '--resume'])).toMatchObject({
        code: 0,
        stderr: expect.stringMatching(/\d of 3 images were done before/),
      });

      const shards = ['--data', join(folder, 'data'), '--out', join(folder, 'shards')];
      const firstShard = commandOf([...shards, '--shard', '1/2']);
      const { child, ended } = await startUntilFirstImage(
        firstShard,
        join(folder, 'shards', BENCHMARKS[1].name, 'shard-1-of-2'),
        environment,
      );
      child.kill('SIGKILL');
      expect(await ended).toMatchObject({ code: null });
      for (const shard of ['1/2', '2/2'])
        expect(await evaluateAll([...shards, '--shard', shard, '--resume'])).toMatchObject({ code: 0 });

      for (const { name } of BENCHMARKS) {
        const dataSet = openDataSet(name, join(folder, name === 'coco-object' ? 'data/coco' : 'data'));
        const cells = await countByOracle(
          dataSet,
          async (id) => (await readLabelMap(join(folder, 'predictions', name, `${id}.png`))).data,
        );
        const whole = readResult(join(folder, 'killed', name));
        expect([name, whole.images, whole.confusion.cells]).toEqual([name, { selected: 3, counted: 3 }, cells]);
        const place = join(folder, 'shards', name);
        expect(
          await runCli(['merge', join(place, 'shard-1-of-2'), join(place, 'shard-2-of-2'), '--out', place]),
        ).toMatchObject({ code: 0 });
        expect(readResult(place)).toMatchObject({ confusion: whole.confusion, metrics: whole.metrics });
      }
    },
  );

  test('names the benchmarks it does not find, evaluates the others, and the exit code says so', async () => {
    rmSync(join(folder, 'data/VOCdevkit/VOC2010'), { recursive: true });
    const args = ['--data', join(folder, 'data'), '--out', join(folder, 'part'), '--limit', '1'];
    const result = await evaluateAll(args);
    expect(result).toMatchObject({ code: 1 });
    expect(result.stderr).toMatch(/^rfclip: context60 is left out: .* does not hold PASCAL Context/m);
    expect(result.stdout.match(/^│ [a-z0-9-]+ +│ +\d/gm)).toHaveLength(6);
    expect(await evaluateAll([...args, '--resume'])).toMatchObject({ code: 1, stdout: result.stdout });
  });

  test.each([
    [
      'no folder',
      2,
      [],
      /eval all needs --data, the folder that the benchmarks lie in, or a folder for voc21 under "data" in --config/,
    ],
    [
      'a folder without any of them',
      1,
      ['--data', tmpdir(), '--config', '/dev/null'],
      /none of the eight benchmarks was found; .* does not hold PASCAL VOC 2012 with background/,
    ],
    [
      'a list of images',
      2,
      ['--data', tmpdir(), '--images', 'list.txt'],
      /--images names images of one data set, so it cannot go with all/,
    ],
  ])('refuses %s', async (_name, code, args, sentence) => {
    const result = await evaluateAll([...args, '--out', join(folder, 'bad')]);
    expect(result.stderr).toMatch(sentence);
    expect(result).toMatchObject({ code, stdout: '' });
  });
});
