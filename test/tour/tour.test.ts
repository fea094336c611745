import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../scripts/setup/commands.mjs';
import { PICTURES } from '../../scripts/tour/pictures.ts';
import { root } from '../support/house.ts';
import { codeBlocks, countWords, relativeLinks } from '../support/markdown.ts';

const FOLDER = 'docs/tour';
const MOST_BYTES = 120_000;
const LINES = { least: 5, most: 15 };
const WORDS = { least: 300, most: 900 };

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = readdirSync(join(root, FOLDER)).filter((name) => name.endsWith('.md'));
const chapters = pages.filter((name) => /^\d\d-/.test(name));
const programs = readdirSync(join(root, 'examples/tour')).map((name) => `examples/tour/${name}`);
const programOf = (chapter: string) => `examples/tour/${chapter.slice(0, 2)}.ts`;
const overview = read(`${FOLDER}/README.md`);

/** Text in brackets and address of every picture of a page. */
function picturesOf(text: string): { alt: string; target: string }[] {
  return [...text.matchAll(/!\[([^\]]*)\]\(([^)\s]+)\)/g)].map(([, alt, target]) => ({ alt, target }));
}

/** Lines of a program that do something. */
function workingLines(code: string): string[] {
  return code.split('\n').filter((line) => /\S/.test(line) && !/^\s*(\/\/|import )/.test(line));
}

let printed: Record<string, string> = {};
beforeAll(async () => {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const args = ['--import', tsx, 'test/tour/runPrograms.ts', ...programs];
  const { status, stdout, output } = await run(process.execPath, args, { cwd: root });
  if (status !== 0) throw new Error(output);
  printed = JSON.parse(stdout) as Record<string, string>;
});

describe.each(chapters)('%s', (chapter) => {
  const text = read(`${FOLDER}/${chapter}`);
  const program = programOf(chapter);
  const links = relativeLinks(text);

  it('has the program as it is, of few lines', () => {
    const code = read(program);
    expect(codeBlocks(text, 'ts')).toContain(code);
    expect(workingLines(code).length).toBeGreaterThanOrEqual(LINES.least);
    expect(workingLines(code).length).toBeLessThanOrEqual(LINES.most);
    expect(text).toContain(`npx tsx ${program}`);
  });

  it('has the same numbers where a GPU would choose half precision', () => {
    for (const [call] of read(program).matchAll(/Model\.open\(.*?\)/g)) expect(call).toContain("precision: 'f32'");
  });

  it('says what the program prints', () => {
    expect(codeBlocks(text, 'text')[0]).toBe(printed[program]);
  });

  it('is short', () => {
    expect(countWords(text)).toBeGreaterThanOrEqual(WORDS.least);
    expect(countWords(text)).toBeLessThanOrEqual(WORDS.most);
  });

  it('has pictures that are there, and says what they show', () => {
    const pictures = picturesOf(text);
    expect(pictures.length).toBeGreaterThan(0);
    for (const { alt, target } of pictures) {
      expect(target).toMatch(/^pictures\//);
      expect(existsSync(join(root, FOLDER, target)), target).toBe(true);
      expect(alt.split(/\s+/).length, `the words for ${target}`).toBeGreaterThanOrEqual(8);
    }
  });

  it('leads to a kernel, to a function, and to its neighbours', () => {
    expect(links.some((link) => /^\.\.\/\.\.\/kernels\/\w+\.wgsl$/.test(link))).toBe(true);
    expect(
      links.some((link) => /^\.\.\/\.\.\/(engine|clip|rfclip|tokenizer|datasets|explain)\/.*\.ts$/.test(link)),
    ).toBe(true);
    const at = chapters.indexOf(chapter);
    const neighbours = [chapters[at - 1], chapters[at + 1], 'README.md'].filter((name) => name !== undefined);
    expect(links).toEqual(expect.arrayContaining(neighbours));
  });

  it('has one exercise, and folds its answer away', () => {
    expect(text.match(/^## Exercise$/gm)).toHaveLength(1);
    expect(text.match(/<details>\n<summary>Answer<\/summary>\n\n[^]+?\n\n<\/details>/g)).toHaveLength(1);
  });
});

describe('the tour', () => {
  it('has a program for every chapter, and no other', () => {
    expect(programs).toEqual(chapters.map(programOf));
  });

  it('leads from its first page to all others', () => {
    expect(relativeLinks(overview)).toEqual(expect.arrayContaining(pages.filter((page) => page !== 'README.md')));
  });

  it('has the pictures that npm run tour:pictures makes, all shown and small', () => {
    const files = readdirSync(join(root, FOLDER, 'pictures')).sort();
    expect(files).toEqual(PICTURES.map(({ file }) => file).sort());
    const shown = pages.flatMap((page) => picturesOf(read(`${FOLDER}/${page}`)).map(({ target }) => target));
    expect(files.filter((file) => !shown.includes(posix.join('pictures', file)))).toEqual([]);
    const large = files.filter((file) => statSync(join(root, FOLDER, 'pictures', file)).size > MOST_BYTES);
    expect(large).toEqual([]);
  });

  it('names pictures by their chapter, made of images that are shipped', () => {
    for (const picture of PICTURES) {
      expect(picture.file).toMatch(/^\d\d-[\w-]+\.(png|jpg)$/);
      if ('explain' in picture) expect(picture.explain.image).toMatch(/^examples\/(scenes|photos)\//);
    }
  });
});
