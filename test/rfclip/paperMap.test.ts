import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ABLATION_ROWS } from '../../rfclip/ablation.ts';
import { METHOD_NAMES, METHODS, RFCLIP_DEFAULTS, RFCLIP_PAPER_DEFAULTS } from '../../rfclip/methods/index.ts';
import { houseFolders, importsOf, readHouse, root } from '../support/house.ts';
import { publishedMethod } from '../support/methodNames.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';

const PAGE = 'rfclip/README.md';
const page = readFileSync(join(root, PAGE), 'utf8');
const house = readHouse(houseFolders(), /\.ts$/);
const imports = importsOf(house);

/** A row of a table: its cells by the heads of their columns. */
type Row = Record<string, string>;

/** The tables of a page, in order. */
function tablesOf(markdown: string): Row[][] {
  return [...markdown.matchAll(/^\|.*\n\|-.*\n(?:\|.*(?:\n|$))+/gm)].map(([table]) => {
    const [heads, , ...rows] = table.trim().split('\n').map(cellsOf);
    return rows.map((cells) => Object.fromEntries(heads.map((head, column) => [head, cells[column]])));
  });
}

function cellsOf(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** The table with a column of this head. */
function tableWith(head: string): Row[] {
  const found = tables.filter(([first]) => head in first);
  expect(found, head).toHaveLength(1);
  return found[0];
}

/** What is named in a text by [`name`](path), with paths from the root. */
function named(text: string): { name: string; path: string }[] {
  return [...text.matchAll(/\[`(\w+)`\]\(([^)]+)\)/g)].map(([, name, path]) => ({
    name,
    path: posix.join(posix.dirname(PAGE), path),
  }));
}

/** Words in backticks. */
function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
}

function exportsOf(path: string): string[] {
  const pattern = /^export (?:async )?(?:function|const|class|interface|type) (\w+)/gm;
  return [...(house.get(path) ?? '').matchAll(pattern)].map(([, name]) => name);
}

/** All files that a file needs, itself among them. */
function needsOf(path: string): Set<string> {
  const needs = new Set([path]);
  for (const one of needs) for (const next of imports.get(one) ?? []) needs.add(next);
  return needs;
}

/** Whether a file, or what it needs, is an op that dispatches a kernel. */
function reaches(path: string, kernel: string): boolean {
  return [...needsOf(path)].some((one) => one.startsWith('engine/ops/') && house.get(one)?.includes(`'${kernel}'`));
}

const tables = tablesOf(page);
const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
const mapped = tables.flat().filter((row) => 'function' in row);
const kernels = new Set(mapped.flatMap((row) => named(row.kernel).map(({ name }) => name)));

describe('the map of the paper', () => {
  it('leads to files that exist', () => {
    const files = links.filter((target) => !target.startsWith('https:'));
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((target) => !existsSync(join(root, 'rfclip', target)))).toEqual([]);
  });

  it('names what these files export', () => {
    const functions = named(page).filter(({ path }) => path.endsWith('.ts'));
    expect(functions.length).toBeGreaterThan(50);
    expect(functions.filter(({ name, path }) => !exportsOf(path).includes(name))).toEqual([]);
  });

  it('names kernels by their files', () => {
    const files = named(page).filter(({ path }) => path.endsWith('.wgsl'));
    expect(files.length).toBeGreaterThan(50);
    expect(files.filter(({ name, path }) => path !== `kernels/${name}.wgsl`)).toEqual([]);
  });

  it('names nothing without saying where it is', () => {
    const cells = tables.flat().flatMap((row) => [row.function ?? '', row.kernel ?? '', row.where ?? '']);
    expect(cells.filter((cell) => !/^(host|(\[`\w+`\]\([^)]+\)(, )?)*)$/.test(cell))).toEqual([]);
  });

  it('names kernels that the functions of their rows run', () => {
    const wrong = mapped.flatMap((row) => {
      const functions = named(row.function);
      return named(row.kernel)
        .filter(({ name }) => !functions.some(({ path }) => reaches(path, name)))
        .map(({ name }) => `${functions.map((one) => one.name).join()} does not run ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has every kernel that says it is of RF-CLIP', () => {
    const ours = [...readHouse(['kernels'], /\.wgsl$/)].filter(([, text]) => text.includes('RF-CLIP'));
    expect(ours.length).toBeGreaterThan(8);
    expect(ours.filter(([path]) => !kernels.has(posix.basename(path, '.wgsl'))).map(([path]) => path)).toEqual([]);
  });

  it('has every method of a published paper, and no other name', () => {
    // Who publishes says when: a source without a year is a method of one's own, which needs no map.
    const published = METHODS.filter(({ source }) => /\b(19|20)\d\d\b/.test(source)).map(({ name }) => name);
    const relatives = tableWith('what it computes').flatMap(({ method }) => quoted(method));
    const flags = [...page.matchAll(/`--method ([\w-]+)`/g)].map(([, name]) => name);
    const mapped = new Set<string>([...relatives, ...flags]);
    expect(published.length).toBeGreaterThanOrEqual(8);
    expect(published.filter((name) => !mapped.has(name))).toEqual([]);
    expect([...mapped].filter((name) => !METHOD_NAMES.some((known) => known === name))).toEqual([]);
  });

  it('has the values of both methods', () => {
    const paper: Record<string, unknown> = RFCLIP_PAPER_DEFAULTS;
    const release: Record<string, unknown> = RFCLIP_DEFAULTS;
    const rows = tables.find(([first]) => 'value' in first)!;
    const stated = (column: string) =>
      Object.fromEntries(
        rows.filter((row) => row[column] !== '').map((row) => [quoted(row.option)[0], Number(row[column])]),
      );
    const numbers = (options: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value === 'number'));
    expect(stated('`rfclip-paper`')).toEqual(numbers(paper));
    expect(stated('`rfclip`')).toEqual(numbers(release));
  });

  it('has the rows of the ablation', () => {
    const rows = tableWith('row').map(({ row, ...options }) => ({
      name: row,
      options: Object.fromEntries(Object.entries(options).map(([head, value]) => [quoted(head)[0], value])),
    }));
    expect(rows).toEqual(ABLATION_ROWS);
    const explained = tables.filter(([first]) => 'what it does' in first).flat();
    const published = ['none', 'distraction', 'defocus', 'redistribute'];
    const used = ABLATION_ROWS.flatMap(({ options }) => Object.values(options));
    expect(new Set([...published, ...explained.flatMap(({ option }) => quoted(option))])).toEqual(new Set(used));
  });
});

describe('the map of traces', () => {
  const tiny = useTinyClip();
  const PAPER = '`rfclip-paper`';
  const RELEASE = '`rfclip` and `rfclip-refocus`';

  it.each([
    ['rfclip-paper', PAPER],
    ['rfclip-refocus', RELEASE],
  ] as const)('has every tensor of %s, and its shape', (name, column) => {
    const sizes: Record<string, number> = { B: 3, H: 2, N: 24, T: 25, C: 128 };
    const seen: Record<string, number[]> = {};
    tiny.device.scope(() => {
      const images = tiny.device.zeros([sizes.B, 3, 64, 96]);
      publishedMethod(name, TINY_DISTRACTION_DIMENSIONS).encode(tiny.images('tiny_a'), images, (trace, tensor) => {
        seen[trace.replace(/^layer\d+/, 'layerN')] = [...tensor.shape];
      });
    });
    const rows = tableWith('trace').filter((row) => row[column] !== '');
    const stated = rows.flatMap(({ trace, shape }) =>
      quoted(trace).map((one) => [one, shape.match(/\w+/g)!.map((letter) => sizes[letter])]),
    );
    expect(Object.fromEntries(stated)).toEqual(seen);
  });
});
