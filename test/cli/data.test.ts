import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import { buildMiniature, noiseJpeg, noiseLabels, writeUnder } from '../datasets/miniatures.ts';
import { runCli } from '../support/runCli.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-data-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('rfclip data check', () => {
  it('finds the data set that ships complete', async () => {
    const { code, stdout } = await runCli(['data', 'check', 'sample', '--deep']);
    expect(stdout).toContain('sample scenes (sample), 52 classes');
    expect(stdout).toContain('pairs       40 of 40');
    expect(stdout).toContain('first       scene_0000, scene_0001, scene_0002, scene_0003, scene_0004, ... and 35 more');
    expect(stdout).toContain('unreadable  none of the files');
    expect(code).toBe(0);
  });

  it('says what a benchmark lacks and how to get it', async () => {
    const { root, ids } = buildMiniature(findBenchmark('cityscapes')!, folder, 1);
    rmSync(join(root, `gtFine/val/${ids[1]}_gtFine_labelTrainIds.png`));
    const { code, stdout, stderr } = await runCli(['data', 'check', 'city_scapes', '--data', folder]);
    expect(code).toBe(1);
    expect(stdout).toContain(`found in    ${root}`);
    expect(stdout).toContain('pairs       2 of 500');
    expect(stdout).toMatch(/missing {5}1 file\n {2}.*lindau_000000_000019_gtFine_labelTrainIds\.png/);
    expect(stderr).toContain('rfclip convert cityscapes gtFine/val -o gtFine/val');
  });

  it('looks into files with --deep, and prints JSON', async () => {
    writeUnder(folder, 'classes.txt', 'cat\ndog\n');
    writeUnder(folder, 'ImageSets/Segmentation/val.txt', 'a\nb\nc\n');
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      writeUnder(folder, `JPEGImages/${id}.jpg`, noiseJpeg(index));
      writeUnder(folder, `SegmentationClass/${id}.png`, noiseLabels(index, 2, 24, id === 'b' ? 17 : 18));
    }
    truncateSync(join(folder, 'JPEGImages/c.jpg'), 700);
    expect((await runCli(['data', 'check', 'folder', '--data', folder])).code).toBe(0);
    const { code, stdout } = await runCli(['data', 'check', 'folder', '--data', folder, '--deep', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'folder',
      complete: false,
      pairs: 3,
      ids: ['a', 'b', 'c'],
      missing: [],
      unreadable: [
        expect.stringMatching(/b\.png has 24 x 17 pixels, but .*b\.jpg has 24 x 18/),
        expect.stringContaining('c.jpg is a truncated JPEG picture'),
      ],
    });
  });

  it.each([
    ['an unknown name', ['voc22', '--data', '.'], /there is no data set voc22, expected one of voc21/],
    ['no folder', ['voc21'], /data check voc21 needs --data/],
    ['an unknown option', ['voc21', '--dta', '.'], /unknown option/],
  ])('ends with code 2 for %s', async (_, args, message) => {
    const { code, stderr } = await runCli(['data', 'check', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it('ends with code 1 for a folder that is not there or not it', async () => {
    const absent = await runCli(['data', 'check', 'ade20k', '--data', join(folder, 'none')]);
    expect(absent.stderr).toMatch(/the data folder .*none does not exist/);
    expect(absent.stderr).toContain('ADEChallengeData2016.zip');
    const other = await runCli(['data', 'check', 'ade20k', '--data', folder]);
    expect(other.stderr).toContain('does not hold ADE20K');
    expect([absent.code, other.code]).toEqual([1, 1]);
  });
});
