import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { fillTables, pages, readPage } from '../scripts/docs/pages.ts';
import { everyFlag, problemOf, problemOfMention } from './support/commandLines.ts';
import { houseFolders, readHouse, root } from './support/house.ts';
import { anchors, codeBlocks, countWords, inlineCode, relativeLinks, shellCommands } from './support/markdown.ts';

const MOST_WORDS = 1200;
const texts = new Map(pages().map((page) => [page, readPage(page)]));
const readme = texts.get('README.md')!;

describe('the README', () => {
  it('has less than 1,200 words of prose', () => {
    expect(countWords(readme)).toBeLessThan(MOST_WORDS);
  });

  it('leads to every page of docs/, to the tour, and to those for contributors, by one click', () => {
    // The tour leads to its chapters itself (tour/tour.test.ts).
    const wanted = [...texts.keys()].filter((page) =>
      /^(docs\/([^/]+|tour\/README)\.md$|CONTRIBUTING|CHANGELOG)/.test(page),
    );
    const linked = relativeLinks(readme).map((target) => target.replace(/#.*/, ''));
    expect(wanted.filter((page) => !linked.includes(page))).toEqual([]);
  });
});

describe.each([...texts])('%s', (page, text) => {
  it('has the tables that the code makes (run npm run docs)', () => {
    expect(fillTables(text, page) === text, `${page} is stale: run npm run docs`).toBe(true);
  });

  it('has no broken link', () => {
    const broken = relativeLinks(text).filter((target) => {
      const [path, anchor] = target.split('#');
      const place = path === '' ? page : posix.join(posix.dirname(page), path);
      if (!existsSync(join(root, place))) return true;
      return anchor !== undefined && !anchors(texts.get(place) ?? '').includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('calls commands, scripts and flags that exist', () => {
    const calls = codeBlocks(text, 'sh').flatMap(shellCommands);
    const mentions = inlineCode(text).filter((code) => !code.startsWith('-'));
    const problems = [
      ...calls.map((words) => [words, problemOf(words)] as const),
      ...mentions.flatMap(shellCommands).map((words) => [words, problemOfMention(words)] as const),
    ];
    expect(
      problems.flatMap(([words, problem]) => (problem === undefined ? [] : `${words.join(' ')}: ${problem}`)),
    ).toEqual([]);
    const flags = inlineCode(text).flatMap((code) => /^--[a-z][\w-]*/.exec(code) ?? []);
    expect(flags.filter((flag) => !everyFlag().includes(flag))).toEqual([]);
  });
});

describe('what these tests look for is noticed', () => {
  it.each([
    ['rfclip segment a.jpg --clases cat', "unknown option '--clases'"],
    ['cd x && npm run rfclip -- eval voc21 --data ~/d # all', '--out'],
    ['OUT=1 npx rfclip segmnt a.jpg', "unknown command 'segmnt'"],
    ['npm run demo -- --method best', 'best'],
    ['npm run bench -- decode --fast', '--fast'],
    ['npm run tests', 'no script tests'],
    ['npm run dev segment', 'needs --'],
  ])('in the call %s', (line, problem) => {
    expect(shellCommands(line).map(problemOf).join(' ')).toContain(problem);
  });

  it.each([
    ['rfclip weights fetch NAME', 'fetch'],
    ['rfclip compare --html', '--html'],
    ['npm run rebuild', 'rebuild'],
  ])('in the mention %s', (line, problem) => {
    expect(shellCommands(line).map(problemOfMention).join(' ')).toContain(problem);
  });

  it('in prose, links and headings', () => {
    const ignored = '| not | this |\n\n<!-- nor -->\n\n```sh\nnor [x](y)\n```\n';
    const page = `# One \`two\` & three\n\nFour [five](six.md#seven) - 8\n\n${ignored}`;
    expect(countWords(page)).toBe(6);
    expect(relativeLinks(page)).toEqual(['six.md#seven']);
    expect(anchors(page)).toEqual(['one-two--three']);
    expect(codeBlocks(page, 'sh')).toEqual(['nor [x](y)\n']);
  });

  it('in tables', () => {
    expect(() => fillTables('<!-- generated: nothing -->\n<!-- end -->\n', 'a.md')).toThrow('nothing');
    expect(() => fillTables('<!-- generated: methods -->\n', 'a.md')).toThrow('no <!-- end -->');
    expect(fillTables('<!-- generated: methods -->\nold\n<!-- end -->\n', 'a.md')).toMatch(
      /-->\n\n\| .*`rfclip-paper`.*\n\n<!-- end/s,
    );
  });
});

test('every variable that the code knows is in docs/environment.md, and no other', () => {
  const sources = [...readHouse(houseFolders(), /\.(ts|mjs|sh|sbatch|yaml)$/).values()].join('\n');
  const names = (text: string, pattern: RegExp) =>
    [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
  const constants = names(sources, /\bconst (RFCLIP_\w+)/g);
  const variables = names(sources, /\b(RFCLIP_[A-Z][A-Z_]*[A-Z])\b/g).filter((name) => !constants.includes(name));
  expect(variables).not.toEqual([]);
  expect(names(texts.get('docs/environment.md')!, /^\| `(RFCLIP_\w+)`/gm)).toEqual(variables);
});

test('the TypeScript of the README and of docs/library.md has the types of the library', () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'docs-'));
  try {
    const blocks = ['README.md', 'docs/library.md'].flatMap((page) => codeBlocks(texts.get(page)!, 'ts'));
    blocks.forEach((code, index) => writeFileSync(join(folder, `block${index}.ts`), `${code}\nexport {};\n`));
    // `segmenter.close()` in prose is code, too.
    const prose = ['README.md', 'docs/library.md'].flatMap((page) => inlineCode(texts.get(page)!));
    const members = prose.flatMap((code) => /^(?:Model|model|segmenter|result)\.\w+/.exec(code) ?? []);
    expect(members.length).toBeGreaterThan(5);
    writeFileSync(join(folder, 'members.ts'), `${members.map((member) => `void ${member};`).join('\n')}\nexport {};\n`);
    writeFileSync(join(folder, 'given.d.ts'), GIVEN);
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIGURATION));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
    expect(stdout).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What blocks take from those before them. */
const GIVEN = `
import type { ImageInput, Model, SegmentationResult, Segmenter } from 'rfclip';
declare global {
  const Model: typeof import('rfclip').Model;
  const model: Model, segmenter: Segmenter, other: Segmenter, paths: string[], picture: ImageInput;
  const result: SegmentationResult;
}
`;

const CONFIGURATION = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    noEmit: true,
    rootDir: '../..',
    noUnusedLocals: false,
    paths: {
      rfclip: ['../../index.ts'],
      'rfclip/worker/client': ['../../worker/client.ts'],
      'rfclip/*': ['../../*/index.ts'],
    },
  },
  include: ['.'],
};
