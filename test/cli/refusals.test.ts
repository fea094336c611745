import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/house.ts';
import { copyScenes, SCENES } from '../support/sampleRuns.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-refusals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const scene = join(root, 'examples/scenes/scene_0025.jpg');
const words = ['--classes', 'moon, soil', '--out', 'out/deep'];
const unknown = ['--checkpoint', 'ViT-B/17'];
const tooLong = ['--classes', `moon, ${'word '.repeat(99)}`, '--out', 'out'];
const damaged = join(folder, 'damaged');
const empty = join(folder, 'empty');
const data = join(folder, 'data');

const CASES: readonly [string, string[], number][] = [
  ['segment: no picture', ['segment', 'none.png', ...words], 1],
  ['segment: a damaged picture', ['segment', damaged, ...words], 1],
  ['segment: an unknown checkpoint', ['segment', scene, ...words, ...unknown], 1],
  ['segment: a damaged checkpoint', ['segment', scene, ...words, '--checkpoint', damaged], 1],
  ['segment: no DINO', ['segment', scene, ...words, '--method', 'cass'], 2],
  ['segment: a word beyond the context', ['segment', scene, ...tooLong], 2],
  ['segment --method all: no picture', ['segment', 'none.png', ...words, '--method', 'all'], 1],
  ['explain: no picture', ['explain', 'none.png', ...words], 1],
  ['explain: too few patches', ['explain', scene, ...words, '--resize', '16'], 2],
  ['explain: a point outside', ['explain', scene, ...words, '--at', '9999,1'], 2],
  ['explain: a damaged checkpoint', ['explain', scene, ...words, '--checkpoint', damaged], 1],
  ['demo: no DINO', ['demo', '--method', 'cass', '--out', 'out/demo'], 2],
  ['eval: an unknown checkpoint', ['eval', 'sample', '--out', 'out', ...unknown], 1],
  ['eval: no DINO', ['eval', 'sample', '--out', 'out', '--method', 'cass'], 2],
  ['eval: a word beyond the context', ['eval', 'folder', '--data', data, '--out', 'out'], 2],
  ['eval: an unknown data set', ['eval', 'nonsense', '--print-config'], 2],
  ['eval: no data set', ['eval', 'voc21', '--data', 'none', '--out', 'out'], 1],
  ['eval: a file in place of the folder', ['eval', 'sample', '--out', damaged], 1],
  ['ablate: a file in place of the folder', ['ablate', 'sample', '--out', damaged], 1],
  ['ablate: a damaged checkpoint', ['ablate', 'sample', '--out', 'out', '--checkpoint', damaged], 1],
  ['ablate: no DINO', ['ablate', 'sample', '--out', 'out', '--method', 'cass'], 2],
  ['ablate: a word beyond the context', ['ablate', scene, ...tooLong], 2],
  ['ablate: an unknown method', ['ablate', 'sample', '--out', 'out', '--method', 'magic'], 2],
  ['calibrate: no picture', ['calibrate', damaged], 1],
  ['compare: no results', ['compare', empty, empty, '--out', 'out'], 1],
  ['merge: no results', ['merge', empty, '--out', 'out'], 1],
  ['weights convert: not pulled', ['weights', 'convert', 'ViT-B/16', 'out.safetensors'], 1],
  ['weights convert: no checkpoint', ['weights', 'convert', 'none.pt', 'out.safetensors'], 1],
  ['weights convert: a damaged one', ['weights', 'convert', damaged, 'out.safetensors'], 1],
  ['data pull: no archives', ['data', 'pull', 'voc21', '--data', 'out', '--from-archives', 'none'], 1],
  ['convert: no label maps', ['convert', 'coco-stuff', empty, '-o', 'out'], 1],
];

describe('what is refused leaves nothing behind, no folder either', () => {
  let outcomes: { code: number; left: string[] }[];
  let stderr: string;

  beforeAll(() => {
    mkdirSync(empty);
    mkdirSync(join(folder, 'here'));
    writeFileSync(damaged, 'nonsense');
    copyScenes(data, SCENES.slice(0, 1));
    writeFileSync(join(data, 'classes.txt'), `moon\n${'word '.repeat(99)}\n`);
    const script = fileURLToPath(new URL('../support/refusals.mjs', import.meta.url));
    const told = join(folder, 'outcomes.json');
    const environment = {
      ...process.env,
      RFCLIP_DEBUG: undefined,
      RFCLIP_CACHE_DIR: join(folder, 'cache'),
    };
    const input = JSON.stringify(CASES.map(([, line]) => line));
    const options = { cwd: join(folder, 'here'), env: environment, input, timeout: 100_000, encoding: 'utf8' } as const;
    ({ stderr } = spawnSync(process.execPath, [script, told], options));
    outcomes = JSON.parse(readFileSync(told, 'utf8'));
  });

  it.each(CASES.map(([name, , code], index) => [name, code, index] as const))('%s', (_, code, index) => {
    expect(outcomes[index]).toEqual({ code, left: [] });
  });

  it('each with one sentence', () => {
    const sentences = stderr.split('\n').filter((line) => line.startsWith('rfclip: '));
    expect(sentences, stderr).toHaveLength(CASES.length);
    expect(sentences.filter((line) => line.includes('unexpected'))).toEqual([]);
  });
});
