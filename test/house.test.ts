import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  houseFolders,
  importCycles,
  importsOf,
  longFiles,
  longLines,
  matmulPreamble,
  readHouse,
  root,
  terminalUses,
  undocumented,
  unusedExports,
  wrongArrows,
} from './support/house.ts';
import { LONGEST } from './support/longestFirst.ts';

/** From top to bottom: everything may import what stands below it, and nothing else. */
const LAYERS = [
  ['cli', 'bench', 'web'],
  ['worker'],
  ['explain'],
  ['index.ts'],
  ['library'],
  ['evaluation', 'conformance'],
  ['datasets'],
  ['pictures', 'weights'],
  ['rfclip'],
  ['clip'],
  ['tokenizer'],
  ['system'],
  ['engine'],
  ['kernels'],
];

/** Of the engine, whose errors all folders share, what files, locks and paths may know. */
const FROM_SYSTEM = ['engine/errors.ts'];

/** A tensor makes its results on its device, and a device makes tensors. */
const ALLOWED_CYCLES = [['engine/device.ts', 'engine/tensor.ts']];

const MOST_COLUMNS = 120;
const MOST_LINES = 300;

/** Folders that stand beside the house. */
const BESIDE = ['docs', 'examples', 'scripts', 'test'];

const everything = readHouse([...houseFolders(), 'index.ts'], /\.(tsx?|mjs)$/);
const sources = new Map([...everything].filter(([path]) => !BESIDE.includes(path.split('/')[0])));
const imports = importsOf(sources);
const packageText = readFileSync(join(root, 'package.json'), 'utf8');
const house = (files: Record<string, string>) => new Map(Object.entries(files));

describe('imports go one way', () => {
  it('in this house', () => {
    expect(wrongArrows(imports, LAYERS)).toEqual([]);
  });

  it('and files, locks and paths know nothing of the engine but its errors', () => {
    const targets = [...imports].flatMap(([from, to]) => (from.startsWith('system/') ? to : []));
    expect(targets.filter((path) => !path.startsWith('system/') && !FROM_SYSTEM.includes(path))).toEqual([]);
  });

  it('which is noticed where one goes up, sideways, or to a folder nobody knows', () => {
    const made = importsOf(
      house({
        'cli/main.ts': "import { run } from '../datasets/run.ts';\nimport { other } from './other.ts';",
        'datasets/run.ts':
          "import type {\n  Console,\n} from '../cli/console.ts';\nimport { a } from '../pictures/a.ts';",
        'pictures/a.ts': "export { b } from '../weights/b.ts';",
        'weights/b.ts': "const late = () => import('../tools/c.ts');",
      }),
    );
    expect(wrongArrows(made, LAYERS)).toEqual([
      'datasets/run.ts imports cli/console.ts',
      'pictures/a.ts imports weights/b.ts',
      'weights/b.ts imports tools/c.ts',
    ]);
  });
});

describe('no file imports itself by way of others', () => {
  it('in this house', () => {
    const allowed = ALLOWED_CYCLES.map(String);
    const found = importCycles(imports).map(String);
    expect(found.filter((cycle) => !allowed.includes(cycle))).toEqual([]);
  });

  it('which is noticed for circles of any length', () => {
    const made = importsOf(
      house({
        'a.ts': "import { b } from './b.ts';",
        'b.ts': "import { c } from './c.ts';\nimport { e } from './e.ts';",
        'c.ts': "import type { a } from './a.ts';",
        'd.ts': "import { a } from './a.ts';",
        'e.ts': "import { f } from './sub/f.ts';",
        'sub/f.ts': "import { e } from '../e.ts';",
      }),
    );
    expect(importCycles(made)).toEqual([
      ['a.ts', 'b.ts', 'c.ts'],
      ['e.ts', 'sub/f.ts'],
    ]);
  });
});

describe('only cli, bench, scripts and examples talk to the terminal', () => {
  it('in this house', () => {
    const quiet = [...sources].filter(([path]) => !/^(cli|bench)\//.test(path));
    expect(terminalUses(new Map(quiet))).toEqual([]);
  });

  it('which is noticed, but not where a comment says so', () => {
    const lines = [
      'console.log(1);',
      '// as console.log does',
      ' * process.argv, for example',
      'const a = 1; // not process.exit(1)',
      'if (process.stdout.isTTY) process.exitCode = 1;',
      'const { argv } = process.argv;',
      'reporter.note(process.env.HOME);',
    ];
    expect(terminalUses(house({ 'a.ts': lines.join('\n') }))).toEqual(['a.ts:1', 'a.ts:5', 'a.ts:6']);
  });
});

it('the test files that start first are there', () => {
  expect(LONGEST.filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

describe('lines have at most 120 columns', () => {
  it('in this house, but for the templates of web pages', () => {
    const templates = /^(evaluation\/htmlReport\/|explain\/page\.ts$)/;
    const checked = [...everything].filter(([path]) => !templates.test(path));
    expect(longLines(new Map(checked), MOST_COLUMNS)).toEqual([]);
  });

  it('which is noticed; a regular expression cannot be broken', () => {
    const long = 'x'.repeat(130);
    const lines = [
      long,
      `const a = /${long}[/]\\/${long}/u.test(b);`,
      `const a = '${long}';`,
      'x'.repeat(120),
      `/${long}/ + ${long}`,
    ];
    expect(longLines(house({ 'a.ts': lines.join('\n') }), MOST_COLUMNS)).toEqual(['a.ts:1', 'a.ts:3', 'a.ts:5']);
  });
});

describe('what is exported is used elsewhere', () => {
  it('in this house', () => {
    expect(unusedExports(sources, everything)).toEqual([]);
  });

  it('which is noticed by name', () => {
    const made = house({
      'a.ts': 'export function one() {}\nexport const two = one();\nexport class Three {}\nexport interface Four {}',
      'b/c.ts': "import {\n  one as other,\n  type Three,\n} from '../a.ts';\nexport const five = other;",
      'd.ts': "export * from './b/c.ts';",
      'a.browser.ts': 'export function one() {}\nexport const six = one();',
    });
    expect(unusedExports(made, made)).toEqual(['a.ts: two', 'a.browser.ts: six']);
  });
});

describe('what is exported is explained', () => {
  it('in this house', () => {
    expect(undocumented(sources)).toEqual([]);
  });

  it('which is noticed for functions and classes, one by one', () => {
    const text = [
      '/** Explained. */',
      'export function one() {}',
      'export async function* two() {}',
      '/**',
      ' * Explained.',
      ' */',
      'export class Three {}',
      '',
      'export abstract class Four {}',
      'function five() {}',
    ].join('\n');
    expect(undocumented(house({ 'a.ts': text }))).toEqual(['a.ts: two', 'a.ts: Four']);
  });

  it('and every entry of the package is a folder with an index', () => {
    const entries = Object.keys((JSON.parse(packageText) as { exports: Record<string, string> }).exports);
    const folders = entries.filter((entry) => /^\.\/\w+$/.test(entry)).map((entry) => entry.slice(2));
    expect(folders.length).toBeGreaterThan(5);
    expect(folders.filter((folder) => !sources.has(`${folder}/index.ts`))).toEqual([]);
  });
});

describe('files have at most 300 lines', () => {
  it('in this house', () => {
    expect(longFiles(everything, MOST_LINES)).toEqual([]);
  });

  it('which is noticed', () => {
    const made = house({ 'a.ts': 'a\n'.repeat(300), 'b.ts': 'a\n'.repeat(301), 'c.ts': `${'a\n'.repeat(300)}a` });
    expect(longFiles(made, MOST_LINES)).toEqual(['b.ts', 'c.ts']);
  });
});

describe('the matrix products say the same where they say the same', () => {
  const kernels = readHouse(['kernels'], /\/matmul_\w+\.wgsl$/);
  const [naive] = [...kernels.values()];
  const epilogueAtRunTime = (text: string) =>
    text
      .replace(/const HAS_BIAS.+\nconst HAS_RESIDUAL.+\n/, '')
      .replace('  scale: f32,', '  has_bias: u32, has_residual: u32, quick_gelu: u32,\n  scale: f32,');

  it('in this house', () => {
    expect([...kernels.keys()]).toHaveLength(5);
    for (const [path, text] of kernels) {
      const expected = path.endsWith('subgroup_tile.wgsl') ? epilogueAtRunTime(naive) : naive;
      expect(matmulPreamble(text), path).toBe(matmulPreamble(expected));
    }
  });

  it.each([
    ['a constant', /ACTIVATION: u32 = 0u/, 'ACTIVATION: u32 = 1u'],
    ['a parameter', /, b_row: u32/, ''],
    ['a coefficient', /0\.254829592/, '0.254829593'],
    ['the activation', /erf\(x \*/, 'erf(2.0 * x *'],
    ['a branch', /fn activate\(x: f32\) -> f32 \{\n/, 'fn activate(x: f32) -> f32 {\n  // changed\n'],
  ])('which is noticed for %s', (_, from, to) => {
    const changed = naive.replace(from, to);
    expect(changed).not.toBe(naive);
    expect(matmulPreamble(changed)).not.toBe(matmulPreamble(naive));
  });

  it('which is noticed where one of four numbers is treated otherwise', () => {
    const vector = [...kernels.values()].find((text) => text.includes('fn activate(x: vec4f)'))!;
    const changed = vector.replace('erf(x.z * 0.7', 'erf(x.z * 0.8');
    expect(changed).not.toBe(vector);
    expect(matmulPreamble(changed)).not.toBe(matmulPreamble(naive));
  });

  it('which is noticed for one that lacks a part', () => {
    expect(() => matmulPreamble(naive.replace('struct Params', 'struct Other'))).toThrow('no parameters');
  });
});
