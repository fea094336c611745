import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import { findMethod } from '../../rfclip/methods/index.ts';
import { isOwnFile } from '../../system/ownFiles.ts';
import { buildMiniature } from '../datasets/miniatures.ts';
import { root } from '../support/house.ts';
import { runCli } from '../support/runCli.ts';
import { copyScenes, QUICK, quietEnvironment, readResult, SCENES } from '../support/sampleRuns.ts';

interface AblationDocument {
  evaluation: { configuration: { settings: object } };
  images: { selected: number; counted: number };
  rows: { name: string; mIoU: number; agreement: number; milliseconds: number; confusion: object }[];
  failures: { id: string }[];
}

let folder: string;
let environment: Record<string, string | undefined>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-ablate-'));
  environment = quietEnvironment(join(folder, 'cache'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);
const rfclip = (...args: string[]) => runCli(args, { environment, cwd: folder });
const document = (out: string) => JSON.parse(readFileSync(at(out, 'ablation.json'), 'utf8')) as AblationDocument;

describe('rfclip ablate', () => {
  test('takes a benchmark by name with its published settings; the whole method is what eval counts', async () => {
    buildMiniature(findBenchmark('voc21')!, at('data'));
    const args = ['voc21', '--data', 'data', '--limit', '2', ...QUICK];
    const result = await rfclip('ablate', ...args, '--out', 'voc');
    expect(result).toMatchObject({ code: 0 });
    const { evaluation, rows, images } = document('voc');
    const published = evaluationSettings(findMethod('rfclip-paper'), findBenchmark('voc21')!.settings);
    expect(evaluation.configuration.settings).toEqual({ ...published, resize: [2048, 112], window: 0 });
    expect([rows.length, images]).toEqual([11, { selected: 2, counted: 2 }]);
    expect(await rfclip('eval', ...args, '--method', 'rfclip-paper', '--out', 'eval')).toMatchObject({ code: 0 });
    const whole = rows.find(({ name }) => name === 'both, attention to defocus tokens')!;
    expect(whole.confusion).toEqual(readResult(at('eval')).confusion);
    expect(await rfclip('ablate', 'voc21')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the data set voc21 needs --data'),
    });
  });

  test('goes on where it was cut off, with exact counts, and only as what it was', async () => {
    copyScenes(at('own'), SCENES.slice(0, 3));
    const args = ['ablate', 'folder', '--data', 'own', ...QUICK];
    expect(await rfclip(...args, '--out', 'whole')).toMatchObject({ code: 0 });
    expect(await rfclip(...args, '--out', 'cut')).toMatchObject({ code: 0 });
    expect(await rfclip(...args, '--out', 'cut')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cut holds a run already'),
    });
    const journal = readFileSync(at('cut/journal.ndjson'));
    const lines = journal.toString('utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    // As a kill in the middle of the second line leaves it.
    truncateSync(at('cut/journal.ndjson'), lines[0].length + 20);
    rmSync(at('cut/ablation.json'));
    const resumed = await rfclip(...args, '--out', 'cut', '--resume');
    expect(resumed).toMatchObject({ code: 0, stderr: expect.stringContaining('1 of 3 images were done before') });
    expect(readFileSync(at('cut/journal.ndjson'), 'utf8').split('\n')[0]).toBe(lines[0]);
    const counts = (out: string) => document(out).rows.map((row) => ({ ...row, milliseconds: 0 }));
    expect(counts('cut')).toEqual(counts('whole'));
    const other = await rfclip(...args, '--resize', '128', '--out', 'cut', '--resume');
    expect(other.stderr).toContain('because the setting resize is [2048,128], it was [2048,112]');
    for (const name of ['ablation.json', 'ablation.csv', 'ablation.md', 'journal.ndjson', 'manifest.json'])
      expect([name, isOwnFile(at('whole', name))]).toEqual([name, true]);
    expect(readFileSync(at('whole/ablation.csv'), 'utf8').split('\r\n')).toHaveLength(13);
    expect(readFileSync(at('whole/ablation.md'), 'utf8')).toMatch(/\| suppression: low-pass filter \| \d+\.\d\d \| /);
  });

  test('compares a method, also of a module, as the last row', async () => {
    writeFileSync(at('mine.mjs'), readFileSync(join(root, 'examples/method.mjs')));
    const args = ['ablate', 'sample', '--limit', '1', ...QUICK];
    const result = await rfclip(...args, '--method', './mine.mjs', '--out', 'mine');
    expect(result).toMatchObject({ code: 0 });
    expect(
      document('mine')
        .rows.map(({ name }) => name)
        .at(-1),
    ).toBe('method value-value-last');
    expect(document('mine')).toMatchObject({ methodModule: { name: 'value-value-last', path: './mine.mjs' } });
    const builtIn = await rfclip(...args, '--method', 'clip', '--out', 'mine', '--resume');
    expect(builtIn.stderr).toContain('the method is ablation and clip, it was ablation and value-value-last');
    expect(await rfclip(...args, '--method', 'all')).toMatchObject({ code: 2 });
    expect(await rfclip(...args, '--resume')).toMatchObject({ code: 2 });
  });

  test('replaces nothing of somebody else, told before the first image', async () => {
    copyScenes(at('mixed'), SCENES.slice(0, 2));
    rmSync(at('mixed/SegmentationClass', `${SCENES[1]}.png`));
    writeFileSync(at('mixed/ablation.csv'), 'a,b\n');
    const args = ['ablate', '--data', 'mixed', ...QUICK];
    const refused = await rfclip(...args, '--out', 'mixed');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('mixed/ablation.csv would be replaced, but rfclip did not make it');
    const result = await rfclip(...args, '--out', 'partly');
    expect(result).toMatchObject({ code: 3, stderr: expect.stringContaining(`${SCENES[1]}: the label map`) });
    expect(document('partly')).toMatchObject({ images: { selected: 2, counted: 1 }, failures: [{ id: SCENES[1] }] });
  });
});
