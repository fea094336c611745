import { spawn } from 'node:child_process';
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { exitCodeOfImages } from '../../cli/failure.ts';
import { matchFiles } from '../../cli/glob.ts';
import { expandImages } from '../../cli/imageArguments.ts';
import { standWhereThePersonStands } from '../../cli/workingFolder.ts';
import { encodeRgbPng } from '../../pictures/encodePng.ts';
import { runCli } from '../support/runCli.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const main = join(ROOT, 'dist/cli/main.js');
const scene = join(ROOT, 'examples/scenes/scene_0025.jpg');
const quick = ['--classes', 'moon, soil', '--whole', '--resize', '64'];
let folder: string;
let notes: string[];
const at = (...names: string[]) => join(folder, ...names);
const expand = (...args: string[]) =>
  expandImages(args, { note: (line) => void notes.push(line) }).map((path) => relative(folder, path));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-arguments-'));
  const files = [
    'a.jpg',
    'b.JPG',
    'c.png',
    'c.mask.png',
    'lonely.mask.png',
    'd.webp',
    'e[1].jpg',
    '.hidden.png',
    'notes.txt',
  ];
  for (const name of [...files, 'sub/f.jpg', 'sub/deep/g.jpg', 'sub/deep/h.txt', 'with space/i.jpg']) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), name);
  }
  mkdirSync(at('empty'));
  writeFileSync(at('a.label.png'), encodeRgbPng(new Uint8Array(3), 1, 1));
});
beforeEach(() => {
  notes = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('arguments that mean pictures', () => {
  it('a folder means its pictures, without masks beside them and results', () => {
    expect(expand(folder)).toEqual(['a.jpg', 'b.JPG', 'c.png', 'd.webp', 'e[1].jpg', 'lonely.mask.png']);
    expect(notes).toEqual([`note: of ${folder}, 1 mask beside pictures and 1 result of rfclip are left out`]);
  });

  it('an empty folder stays, so that it is named', () => {
    expect(expand(at('empty'))).toEqual(['empty']);
    expect(notes).toEqual([expect.stringContaining('holds no picture')]);
  });

  it.each([
    ['*.jpg', ['a.jpg', 'e[1].jpg']],
    ['?.{jpg,JPG}', ['a.jpg', 'b.JPG']],
    ['[ab].*', ['a.jpg', 'a.label.png', 'b.JPG']],
    ['[!a].*', ['b.JPG', 'c.mask.png', 'c.png', 'd.webp']],
    ['**/*.jpg', ['a.jpg', 'e[1].jpg', 'sub/deep/g.jpg', 'sub/f.jpg', 'with space/i.jpg']],
    ['sub/**/*.jpg', ['sub/deep/g.jpg', 'sub/f.jpg']],
    ['s*/*.jpg', ['sub/f.jpg']],
    ['.h*', ['.hidden.png']],
    ['with */i.jpg', ['with space/i.jpg']],
    ['e[1].jpg', ['e[1].jpg']],
    ['no*', ['notes.txt']],
    ['nothing*', ['nothing*']],
  ])('%s', (pattern, names) => {
    expect(expand(at(pattern))).toEqual(names);
    expect(notes.length).toBe(pattern === 'nothing*' ? 1 : 0);
  });

  it('a pattern is relative to where one stands, and letters of patterns of other programs are letters', () => {
    const before = process.cwd();
    try {
      process.chdir(at('sub'));
      expect(matchFiles('*.jpg')).toEqual(['f.jpg']);
      expect(matchFiles('../e[[]1].jpg')).toEqual(['../e[1].jpg']);
      expect(matchFiles('f+.jpg*')).toEqual([]);
    } finally {
      process.chdir(before);
    }
  });

  it('file:// URLs mean their files, with whatever is in their names', () => {
    expect(expand(pathToFileURL(at('with space/i.jpg')).href, pathToFileURL(at('sub')).href)).toEqual([
      'with space/i.jpg',
      'sub/f.jpg',
    ]);
  });

  it.each([
    ['https://example.com/a.jpg', /https:.* is an address, and rfclip does not fetch pictures/],
    ['HTTP://example.com/a.jpg', /does not fetch/],
    ['s3://bucket/a.jpg', /does not fetch/],
    ['data:image/png;base64,iVBORw0KGgo=', /does not fetch/],
    ['file://server/share/a.jpg', /names no file of this machine/],
    ['-', /standard input, which is read by segment with one method only/],
  ])('refuses %s', (arg, sentence) => expect(() => expand(arg)).toThrow(sentence));

  it('a file that looks like an address is a file', () => {
    writeFileSync(at('data:1,2'), '');
    const before = process.cwd();
    try {
      process.chdir(folder);
      expect(expandImages(['data:1,2'], { note: () => {} })).toEqual(['data:1,2']);
    } finally {
      process.chdir(before);
    }
  });
});

describe('rfclip segment', () => {
  const environment = () => ({ RFCLIP_CACHE_DIR: at('cache') });

  test('a folder with a picture that is none: the others are done, exit code 3; alone: exit code 1', async () => {
    mkdirSync(at('mixed'));
    copyFileSync(scene, at('mixed/scene.jpg'));
    writeFileSync(at('mixed/text.png'), 'no picture');
    const run = (...args: string[]) =>
      runCli(['segment', ...args, ...quick, '--out', 'out'], { environment: environment(), cwd: folder });
    expect(await run('mixed')).toMatchObject({ code: 3, stderr: expect.stringMatching(/^rfclip: mixed\/text\.png/m) });
    expect(readdirSync(at('out'))).toContain('scene.label.png');
    expect(await run('mixed/*.png')).toMatchObject({ code: 1 });
    expect(await run('mixed', '--method', 'all')).toMatchObject({ code: 3 });
    const quiet = await run('mixed', '--quiet');
    expect(quiet).toMatchObject({ code: 3, stdout: expect.stringMatching(/^mixed\/scene\.jpg -> .*\n$/) });
    expect(quiet.stderr).toMatch(/^rfclip: mixed\/text\.png [^\n]*\n$/);
    expect(await run('-q', 'mixed/scene.jpg')).toMatchObject({ code: 0, stderr: '' });
    expect(await run('https://example.com/a.jpg', 'mixed')).toMatchObject({ code: 2, stdout: '' });
    const all = await run('mixed', '--masks', '--method', 'all');
    expect(all).toMatchObject({ code: 2, stderr: expect.stringContaining('--masks goes with one method only') });
  });

  test('- is standard input', async () => {
    const child = spawn(process.execPath, [main, 'segment', scene, '-', ...quick, '--masks', '--out', at('piped')], {
      env: { ...process.env, RFCLIP_DEBUG: undefined, ...environment() },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    createReadStream(scene).pipe(child.stdin);
    expect(await new Promise((resolve) => child.on('close', resolve)), output).toBe(0);
    expect(output).toContain('standard input: ');
    expect(output).toMatch(/^standard input -> .*stdin\.label\.png, .*stdin\.json, \d masks?$/m);
    const { files } = JSON.parse(readFileSync(at('piped/stdin.json'), 'utf8'));
    expect(readdirSync(at('piped'))).toEqual(expect.arrayContaining(files.masks.map((path: string) => basename(path))));
    expect(readdirSync(at('piped'))).toEqual(
      expect.arrayContaining(['scene_0025.json', 'stdin.json', 'stdin.label.png']),
    );
  });

  test('npm run rfclip from a folder: paths are those of the person', async () => {
    const run = (script: string, cwd: string) =>
      runCli(['segment', 'scene_0025.jpg', ...quick, '--out', at('npm')], {
        environment: { ...environment(), INIT_CWD: dirname(scene), npm_lifecycle_event: script },
        cwd,
      });
    expect(await run('rfclip', ROOT)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^scene_0025\.jpg -> /) });
    // A script of another package that calls ours stands where it stands.
    expect(await run('rfclip', folder)).toMatchObject({ code: 1 });
    expect(await run('mine', ROOT)).toMatchObject({ code: 1 });
  });
});

test('standing where nobody can stand any more is no failure', () => {
  const before = process.cwd();
  for (const INIT_CWD of [undefined, '', at('gone'), at('notes.txt')])
    standWhereThePersonStands({ INIT_CWD, npm_lifecycle_event: 'rfclip' }, before);
  expect(process.cwd()).toBe(before);
  expect(existsSync(at('gone'))).toBe(false);
});

test.each([
  [0, 0, 0],
  [0, 5, 0],
  [1, 4, 3],
  [5, 0, 1],
])('%i failed and %i done: exit code %i', (failed, done, code) => expect(exitCodeOfImages(failed, done)).toBe(code));
