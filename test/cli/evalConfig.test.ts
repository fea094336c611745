import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findBenchmark } from '../../datasets/benchmarks/index.ts';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { buildMiniature } from '../datasets/miniatures.ts';
import { root } from '../support/house.ts';
import { codeBlocks } from '../support/markdown.ts';
import { runCli } from '../support/runCli.ts';
import { copyScenes, quietEnvironment, readResult, SCENES } from '../support/sampleRuns.ts';

let folder: string;
let environment: Record<string, string | undefined>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-config-'));
  environment = quietEnvironment(join(folder, 'cache'));
  mkdirSync(join(folder, 'runs'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);
const evaluate = (...args: string[]) => runCli(['eval', ...args], { environment, cwd: folder });
const print = async (...args: string[]) => {
  const result = await evaluate(...args, '--print-config');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result.stdout;
};

/** The one of the documentation. */
const documented = codeBlocks(readFileSync(join(root, 'docs/evaluation.md'), 'utf8'), 'yaml').find((block) =>
  block.includes('dataSet: voc21'),
)!;

describe('a configuration file', () => {
  test('as documented is a whole run, and flags beat it', async () => {
    writeFileSync(at('runs/voc21.yaml'), documented);
    buildMiniature(findBenchmark('voc21')!, at('data'));
    const resolved = parseYaml(await print('--config', 'runs/voc21.yaml')) as Record<string, unknown>;
    expect(resolved).toMatchObject({
      dataSet: 'voc21',
      method: 'rfclip',
      checkpoint: 'ViT-B/16',
      limit: 100,
      out: at('runs/runs/voc21'),
      visualize: at('runs/runs/voc21-pictures'),
      settings: { resize: [2048, 448], pamrSteps: 10, probabilityThreshold: 0.2, clusterThreshold: 0.1 },
    });
    const flags = ['--data', 'data', '--checkpoint', EMBEDDED_CHECKPOINT, '--limit', '1', '--method', 'clip'];
    const args = ['--config', 'runs/voc21.yaml', ...flags, '--resize', '112'];
    expect(await evaluate(...args)).toMatchObject({ code: 0 });
    const { evaluation, images } = readResult(at('runs/runs/voc21'));
    expect(images.selected).toBe(1);
    expect(evaluation.configuration).toMatchObject({
      dataSet: 'voc21',
      method: 'clip',
      settings: { resize: [2048, 112], pamrSteps: 10, probabilityThreshold: 0.2 },
    });
    expect((await evaluate(...args)).stderr).toContain('1 of 1 images were done before');
  });

  test('says how a folder lies and what its classes are; printed, it gives the same run again', async () => {
    copyScenes(at('sets/own'), SCENES.slice(0, 2));
    const classes = readFileSync(at('sets/own/classes.txt'), 'utf8').trim().split('\n');
    const file = {
      dataSet: 'folder',
      data: '../sets/own',
      split: 'all',
      imageFolder: 'JPEGImages',
      labelSuffix: '.png',
      classes,
      labelMap: { 3: 4 },
      method: 'maskclip',
      out: 'own',
      settings: { resize: [2048, 112], window: 0 },
      textCache: false,
      json: true,
    };
    writeFileSync(at('runs/own.json'), JSON.stringify(file));
    const result = await evaluate('--config', at('runs/own.json'));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const { results } = JSON.parse(result.stdout) as { results: { evaluation: { configuration: object } }[] };
    expect(results[0].evaluation.configuration).toMatchObject({ method: 'maskclip', labelMap: { 3: 4 } });
    expect(readResult(at('runs/own')).images).toEqual({ selected: 2, counted: 2 });
    const printed = await print('--config', 'runs/own.json', '--limit', '1');
    mkdirSync(at('far/away'), { recursive: true });
    writeFileSync(at('far/away/again.yaml'), printed);
    expect(await print('--config', 'far/away/again.yaml')).toBe(printed);
    expect(await evaluate('--config', 'far/away/again.yaml', '--out', 'again')).toMatchObject({ code: 0 });
    const again = readResult(at('again')).evaluation;
    expect(again.configuration).toEqual(results[0].evaluation.configuration);
    // Words on the line take the place of those in the file.
    const other = await print('--config', 'runs/own.json', '--classes-file', 'sets/own/classes.txt');
    const { classesFile, classes: none } = JSON.parse(other) as { classesFile: string; classes?: unknown };
    expect([classesFile, none]).toEqual([at('sets/own/classes.txt'), undefined]);
  });

  test('of several methods or data sets is printed with what it changes', async () => {
    writeFileSync(at('all.yaml'), 'dataSet: all\ndata: { ade20k: ade }\nmethod: all\nsettings: { pamrSteps: 2 }\n');
    const printed = await print('--config', 'all.yaml', '--data', 'rest', '--whole');
    expect(parseYaml(printed)).toMatchObject({
      data: { ade20k: at('ade'), voc21: at('rest') },
      benchmarks: { voc21: { pamrSteps: 2, window: 0 } },
    });
    writeFileSync(at('again.yaml'), printed);
    expect(await print('--config', 'again.yaml')).toBe(printed);
    const one = parseYaml(await print('voc21', '--config', 'all.yaml', '--method', 'naclip')) as { settings: object };
    expect(one.settings).toMatchObject({ pamrSteps: 2, stride: 112 });
  });

  test.each([
    [['sample', '--config', 'none.yaml', '--out', 'o'], 1, /the configuration file none\.yaml does not exist/],
    [['--out', 'o'], 2, /missing required argument 'data set', on the command line or as dataSet/],
    [['sample', '--config', 'empty.yaml'], 2, /required option '--out <folder>' not specified/],
    [['sample', '--config', 'typo.yaml', '--out', 'o'], 1, /typo\.yaml has metod, .*\n {2}the nearest key is method\n/],
    [['sample', '--config', 'magic.yaml', '--out', 'o'], 1, /magic\.yaml, method is "magic", expected one of rfclip,/],
  ])('%j is refused', async (args, code, message) => {
    writeFileSync(at('empty.yaml'), '');
    writeFileSync(at('typo.yaml'), 'metod: clip\n');
    writeFileSync(at('magic.yaml'), 'method: magic\n');
    const result = await evaluate(...args);
    expect(result.code).toBe(code);
    expect(result.stderr).toMatch(message);
  });
});
