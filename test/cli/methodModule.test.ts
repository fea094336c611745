import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/house.ts';
import { runCli } from '../support/runCli.ts';
import { QUICK, quietEnvironment, readResult } from '../support/sampleRuns.ts';

let folder: string;
let environment: Record<string, string | undefined>;
const example = readFileSync(join(root, 'examples/method.mjs'), 'utf8');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-module-'));
  environment = quietEnvironment(join(folder, 'cache'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const rfclip = (...args: string[]) => runCli(args, { environment, cwd: folder });
const evaluate = (method: string, out: string, ...args: string[]) =>
  rfclip('eval', 'sample', '--limit', '1', ...QUICK, '--method', method, '--out', out, ...args);
const sentence = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('rfclip: '));

describe('a method of a module', () => {
  test('segments, from a folder that has no package beside it', async () => {
    write('mine.mjs', example);
    const scene = join(root, 'examples/scenes/scene_0025.jpg');
    const args = ['segment', scene, '--classes', 'moon, soil', ...QUICK, '--out', 'segmented'];
    expect(await rfclip(...args, '--method', './mine.mjs')).toMatchObject({ code: 0 });
    const report = JSON.parse(readFileSync(join(folder, 'segmented/scene_0025.json'), 'utf8')) as { method: string };
    expect(report.method).toBe('value-value-last');
    const replaced = await rfclip(...args, '--method', './segmented/scene_0025.json.mjs');
    expect(sentence(replaced.stderr)).toEqual([
      'rfclip: the method module ./segmented/scene_0025.json.mjs does not exist',
    ]);
  });

  test('is evaluated and named in the result; a run goes on only with the same file', async () => {
    write('named.mjs', example.replace('export default', 'export const method ='));
    expect(await evaluate('./named.mjs', 'run')).toMatchObject({ code: 0 });
    const sha256 = createHash('sha256')
      .update(readFileSync(join(folder, 'named.mjs')))
      .digest('hex');
    const { methodModule, evaluation } = readResult(join(folder, 'run'));
    expect(methodModule).toEqual({ name: 'value-value-last', path: './named.mjs', sha256 });
    expect(evaluation.configuration).toMatchObject({ method: 'value-value-last', methodSha256: sha256 });
    expect(readFileSync(join(folder, 'run/result.md'), 'utf8')).toContain('- method module: ./named.mjs (sha256');
    expect(readFileSync(join(folder, 'run/report.html'), 'utf8')).toContain('./named.mjs');
    mkdirSync(join(folder, 'moved'));
    write('moved/named.mjs', readFileSync(join(folder, 'named.mjs'), 'utf8'));
    expect(await evaluate('moved/named.mjs', 'run', '--resume')).toMatchObject({ code: 0 });
    write('named.mjs', `${readFileSync(join(folder, 'named.mjs'), 'utf8')}// changed\n`);
    const refused = await evaluate('./named.mjs', 'run', '--resume');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(
      /cannot go on, because the module of the method \(sha256\) is [0-9a-f]{12}, it was /,
    );
  });

  test.each([
    ['no-such.mjs', undefined, 2, /^the method module \.\/no-such\.mjs does not exist$/],
    ['broken.mjs', 'export default {\n  name: ,\n};', 1, /cannot be loaded: SyntaxError: .* \(line 2\)$/],
    ['throws.mjs', '\nthrow new Error("no luck");', 1, /cannot be loaded: no luck \(line 2\)$/],
    ['lacks.mjs', 'import "nowhere-at-all";', 1, /cannot be loaded: Cannot find package 'nowhere-at-all'/],
    ['nothing.mjs', 'export const a = 1, b = 2;', 1, /exports no method; expected .* found a, b$/],
    ['empty.mjs', '', 1, /exports no method; .* found no export$/],
    ['list.mjs', 'export default { name: 3 };', 1, /cannot be used: name is 3, expected a text that is not empty$/],
    ['needs.mjs', example.replace('needs: {}', 'needs: { dimensions: true }'), 1, /needs has dimensions, which does/],
    ['family.mjs', example.replace("'rfclip', //", "'mine', //"), 1, /family is "mine", expected /],
    ['setting.mjs', example.replace('defaults: {}', 'defaults: { window: -1 }'), 1, /defaults\.window is -1, expected/],
    ['make.mjs', example.replace('make: () =>', 'build: () =>'), 1, /make is undefined, expected a function$/],
    ['taken.mjs', example.replace('value-value-last', 'clip'), 1, /calls its method clip, which is a built-in name/],
    ['path.mjs', example.replace('value-value-last', '../up'), 1, /calls its method "\.\.\/up"; expected a name of/],
  ])('%s is told in one sentence that names the file', async (name, text, code, message) => {
    if (text !== undefined) write(name, text);
    const result = await evaluate(`./${name}`, 'none');
    expect(result.code).toBe(code);
    const [told, ...more] = sentence(result.stderr);
    expect([told.includes(`the method module ./${name} `), more]).toEqual([true, []]);
    expect(told.slice('rfclip: '.length)).toMatch(message);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });

  test.each([
    [
      'make',
      example.replace('make: () =>', 'make: () => { throw new Error("not yet"); },\n x: () =>'),
      /failed in make: not yet \(line \d+\)/,
    ],
    [
      'result',
      example.replace('make: () =>', 'make: async () =>'),
      /makes object, expected an object with the functions/,
    ],
    [
      'encode',
      example.replace('(qkv) =>', '(qkv) => qkv.missing.deep &&'),
      /failed in encode: TypeError: .* \(line \d+\)/,
    ],
    [
      'tensor',
      example.replace(/make: [^]*\}\),\n/, 'make: () => ({ encode: () => ({ patches: 1 }), encodeClass: () => 1 }),'),
      /returns no tensor from encode as patches, but number/,
    ],
  ])('a method that fails in its %s ends the evaluation with a sentence', async (name, text, message) => {
    write(`late-${name}.mjs`, text);
    const result = await evaluate(`./late-${name}.mjs`, `late-${name}`);
    expect(result.code).toBe(1);
    const [told, ...more] = sentence(result.stderr);
    expect(more).toEqual([]);
    expect(told).toMatch(message);
    expect(told).toContain(`the method value-value-last of ./late-${name}.mjs `);
  });
});
