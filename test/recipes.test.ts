import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EMBEDDED_CHECKPOINT } from '../rfclip/clipModel.ts';
import { followRecipes, readRecipes, type Recipes } from './support/recipes.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCENE = join(ROOT, 'examples', 'scenes', 'scene_0025.jpg');

let copy: string;
let recipes: Recipes;

/** Runs Node in the copy of the tree. Rejects where it fails, with what it printed. */
function node(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const environment = {
      ...process.env,
      RFCLIP_DEBUG: undefined,
      RFCLIP_CACHE_DIR: join(copy, 'cache'),
      NO_COLOR: '1',
    };
    execFile(process.execPath, args, { cwd: copy, env: environment, timeout: 100_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`node ${args.join(' ')}\n${stdout}\n${stderr}`));
    });
  });
}

const rfclip = (...args: string[]) => node('dist/cli/main.js', ...args);
const vitest = (...args: string[]) => node(join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...args);

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), 'rfclip-recipes-'));
  const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')) as { include: string[] };
  const needed = [
    ...include,
    'package.json',
    'tsconfig.json',
    'scripts',
    'vitest.config.ts',
    '.prettierrc.json',
    '.oxlintrc.json',
  ];
  for (const name of [...needed, 'test', 'README.md', 'docs']) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction');
  recipes = readRecipes(readFileSync(join(ROOT, 'docs', 'architecture.md'), 'utf8'));
  followRecipes(recipes, copy);
  await node('scripts/build.mjs');
}, 120_000);
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('the recipes of docs/architecture.md', () => {
  it('are as many files and edits as they say', () => {
    expect([...recipes.files.keys()]).toEqual([
      'rfclip/methods/queryQuery.ts',
      'kernels/clamp.wgsl',
      'engine/ops/clamp.ts',
      'test/oracle/clamp.ts',
      'test/engine/clamp.test.ts',
      'datasets/benchmarks/letters.ts',
      'clip/checkpoint/naming/imageNames.ts',
    ]);
    expect(recipes.edits.map(({ path }) => path)).toEqual([
      'rfclip/methods/index.ts',
      'engine/ops/index.ts',
      'datasets/benchmarks/index.ts',
      'clip/checkpoint/naming/presentAsOpenAi.ts',
      'clip/checkpoint/checkpointFile.ts',
    ]);
    // An import and an entry.
    expect(recipes.edits[0].lines.filter((line) => line.startsWith('+'))).toHaveLength(2);
  });

  it('pass the linter and are formatted', async () => {
    const written = [...recipes.files.keys(), ...recipes.edits.map(({ path }) => path)].filter((path) =>
      path.endsWith('.ts'),
    );
    await node(join(ROOT, 'node_modules/prettier/bin/prettier.cjs'), '--check', ...written);
    await node(join(ROOT, 'node_modules/oxlint/bin/oxlint'), '--deny-warnings', ...written);
  });

  it('add a method that is in the help, segments and evaluates', async () => {
    expect(await rfclip('segment', '--help')).toContain('"query-query"');
    expect(await rfclip('eval', '--help')).toContain('"query-query"');
    const out = join(copy, 'out');
    const flags = ['--method', 'query-query', '--json'];
    const { results } = JSON.parse(await rfclip('segment', SCENE, '--classes', 'soil, moon', '--out', out, ...flags));
    expect(results[0]).toMatchObject({ method: 'query-query', classes: [{ name: 'soil' }, { name: 'moon' }] });
    const run = JSON.parse(await rfclip('eval', 'sample', '--limit', '1', '--out', join(out, 'sample'), ...flags));
    expect(run.results[0].evaluation.configuration.method).toBe('query-query');
    expect(run.results[0].metrics.aAcc).toBeGreaterThan(0.2);
  });

  it('add a method that the tests of all methods take in, and an op whose test passes', async () => {
    const tests = [
      'test/rfclip/methodsProperties.test.ts',
      'test/rfclip/paperMap.test.ts',
      'test/engine/clamp.test.ts',
    ];
    const printed = await vitest(...tests, '--reporter=verbose');
    expect(printed).toContain('query-query > gives an image the same features alone and anywhere in a batch');
    expect(printed).toContain('encodeClass > of query-query is an image feature');
    expect(printed.match(/✓ test\/engine\/clamp\.test\.ts > /g)).toHaveLength(2);
  });

  it('are in the tables of the documentation after npm run docs', async () => {
    const tables = ['test/docs.test.ts', '-t', 'has the tables that the code makes'];
    await expect(vitest(...tables)).rejects.toThrow('docs/commands.md is stale: run npm run docs');
    const printed = await node(join(ROOT, 'node_modules/tsx/dist/cli.mjs'), 'scripts/docs.ts');
    expect(printed.trim().split('\n')).toEqual(['written: docs/commands.md', 'written: docs/evaluation.md']);
    expect(await vitest(...tables)).toMatch(/passed/);
    expect(readFileSync(join(copy, 'docs', 'commands.md'), 'utf8')).toContain('| `query-query` |');
    expect(readFileSync(join(copy, 'docs', 'evaluation.md'), 'utf8')).toContain('| `letters` |');
  });

  it('add a benchmark that is known', async () => {
    for (const folder of ['images', 'labels']) mkdirSync(join(copy, 'letters', folder), { recursive: true });
    const problem = await rfclip('data', 'check', 'letters', '--data', copy).catch((error: Error) => error.message);
    expect(problem).toMatch(/letters.images has no image; expected names that end in .png[^]*- draw two letters/);
    expect(await rfclip('eval', '--help')).toContain('letters');
  });

  it('add a naming that is recognised', async () => {
    const file = join(copy, 'renamed.safetensors');
    writeFileSync(file, renameTensors(readFileSync(EMBEDDED_CHECKPOINT)));
    const description = JSON.parse(await rfclip('weights', 'info', file, '--json'));
    expect(description).toMatchObject({ naming: 'image', config: { vision: { patch: 16 } } });
  });
});

/** The same safetensors file whose image tower is called `image.`. */
function renameTensors(bytes: Buffer): Buffer {
  const length = Number(bytes.readBigUInt64LE(0));
  const header = bytes.toString('utf8', 8, 8 + length);
  const renamed = Buffer.from(header.replaceAll('"visual.', '"image.'));
  const size = Math.ceil(renamed.length / 8) * 8;
  const out = Buffer.alloc(8 + size, ' ');
  out.writeBigUInt64LE(BigInt(size), 0);
  renamed.copy(out, 8);
  return Buffer.concat([out, bytes.subarray(8 + length)]);
}
