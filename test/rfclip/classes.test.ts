import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from '../../datasets/benchmarks/index.ts';
import { ClassListError, makeClassList, parseClassesFile, parseClassList } from '../../rfclip/classes.ts';
import { REFERENCE } from '../support/reference.ts';

/** The message of the ClassListError that this throws. */
function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ClassListError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('parseClassList', () => {
  it('separates classes by commas and synonyms by semicolons', () => {
    const list = parseClassList(' cat, dog; puppy ,grass');
    expect(list.classes).toEqual([
      { name: 'cat', words: ['cat'] },
      { name: 'dog', words: ['dog', 'puppy'] },
      { name: 'grass', words: ['grass'] },
    ]);
    expect(list.queries).toEqual(['cat', 'dog', 'puppy', 'grass']);
    expect(Array.from(list.queryToClass)).toEqual([0, 1, 1, 2]);
  });

  it.each([
    ['', '--classes is empty, expected class names separated by commas.'],
    ['  ', '--classes is empty, expected class names separated by commas.'],
    ['cat, , dog', '--classes, class 2 has an empty name, expected words between the separators.'],
    ['cat,', '--classes, class 2 has an empty name, expected words between the separators.'],
    ['cat; ', '--classes, class 1 has an empty name, expected words between the separators.'],
    ['cat, Cat ', '--classes, class 2 has "Cat", which already stands for the class "cat", expected every word once.'],
    ['cat; kitten; Kitten', '--classes, class 1 has "Kitten" twice, expected every word once.'],
  ])('rejects %j', (text, message) => {
    expect(messageOf(() => parseClassList(text))).toBe(message);
  });

  it('takes 65535 classes and no more', () => {
    const names = Array.from({ length: 65536 }, (_, index) => `n${index}`);
    expect(parseClassList(names.slice(1).join(',')).classes).toHaveLength(65535);
    expect(() => parseClassList(names.join(','))).toThrow('--classes has 65536 classes, expected at most 65535.');
  });

  it('never throws anything but a ClassListError, and maps every query to its class', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', 'B', 'b', ' ', ',', ';', '\n', '\r', '\uFEFF') }),
    );
    for (const parse of [parseClassList, parseClassesFile]) {
      fc.assert(
        fc.property(text, (input) => {
          try {
            const { classes, queries, queryToClass } = parse(input, 'here');
            expect(queries).toEqual(classes.flatMap(({ words }) => words));
            queries.forEach((query, index) => expect(classes[queryToClass[index]].words).toContain(query));
            expect(new Set(classes.map(({ name }) => name.toLowerCase())).size).toBe(classes.length);
          } catch (error) {
            if (!(error instanceof ClassListError)) throw error;
            expect(error.message).toMatch(/^here[^]*\.$/);
          }
        }),
      );
    }
  });
});

describe('parseClassesFile', () => {
  it('keeps a trailing space in the word but not in the name, as the published lists do', () => {
    const list = parseClassesFile('background\ndog\ncat, kitten\nwood ');
    expect(list.queries).toEqual(['background', 'dog', 'cat', 'kitten', 'wood ']);
    expect(Array.from(list.queryToClass)).toEqual([0, 1, 2, 2, 3]);
    expect(list.classes[3]).toEqual({ name: 'wood', words: ['wood '] });
  });

  it.each(['cat\ndog', 'cat\ndog\n', 'cat\r\ndog\r\n', 'cat\rdog', '\uFEFFcat\ndog'])(
    'reads the line ends of %j',
    (text) => {
      expect(parseClassesFile(text).queries).toEqual(['cat', 'dog']);
    },
  );

  it.each([
    [
      'cat,kitten\ndog ,puppy\ngrass; lawn',
      [
        ['cat', 'kitten'],
        ['dog', 'puppy'],
        ['grass', 'lawn'],
      ],
    ],
    ['cat,dog; puppy, wolf', [['cat', 'dog', 'puppy', 'wolf']]],
    ['cat;kitten , tom', [['cat', 'kitten', 'tom']]],
    [
      '猫，小猫\n狗、小狗\n草；草地',
      [
        ['猫', '小猫'],
        ['狗', '小狗'],
        ['草', '草地'],
      ],
    ],
    [
      'قط، هر\nكلب؛ جرو',
      [
        ['قط', 'هر'],
        ['كلب', 'جرو'],
      ],
    ],
    [
      'cat\uFE50kitten\uFF64tom\ndog\uFE54 puppy',
      [
        ['cat', 'kitten', 'tom'],
        ['dog', 'puppy'],
      ],
    ],
  ])('understands other separators of synonyms: %j', (text, words) => {
    expect(parseClassesFile(text).classes.map((entry) => entry.words)).toEqual(words);
  });

  it.each([
    ['cat\tkitten', 'a tab'],
    ['cat | kitten', 'a vertical bar'],
    ['"cat", "kitten"', 'a quotation mark or bracket'],
    ["'cat', 'kitten'", 'a quotation mark or bracket'],
    ['["cat", "kitten"]', 'a quotation mark or bracket'],
    ['cat: kitten', 'a colon'],
    ['# animals', 'a "#" at its beginning'],
    ['cat\u200Bkitten', 'an invisible character'],
    ['cat\u2028kitten', 'a line break'],
    ['cat\u0007kitten', 'a control character'],
  ])('refuses what it would swallow, and says how to write it: %j', (text, what) => {
    const message = messageOf(() => parseClassesFile(`sky\n${text}\n`, 'a.txt'));
    expect(message).toContain(`a.txt, line 2 has ${what} in `);
    expect(message).toContain('a comma and a space separate its synonyms, as in "cat, kitten".');
  });

  it.each([
    ['0: cat\n1: dog', 'a number'],
    ['1\tcat\n2\tdog', 'a number'],
    ['1. cat\n2. dog\n3. cow', 'a number'],
    ['0,cat\n1,dog', 'a number'],
    ['- cat\n- dog', 'a bullet'],
  ])('refuses lines that are numbered or follow bullets: %j', (text, what) => {
    expect(messageOf(() => parseClassesFile(text, 'a.txt'))).toBe(
      `a.txt has ${what} before every class, expected names only: the first line is class 0, the next one class 1.`,
    );
  });

  it('leaves words with numbers, dashes, slashes and brackets alone', () => {
    const words = ['4 wheeler', 'wall-brick', 'cabinet/shelf', 'bow (weapon)', "bird's nest", '35 mm film', '0'];
    expect(parseClassesFile(words.join('\n')).queries).toEqual(words);
  });

  it('skips blank lines at the end, which editors leave and which move no class', () => {
    for (const end of ['', '\n', '\n\n', '\n \t\n', '\r\n\r\n'])
      expect(parseClassesFile(`cat${end.startsWith('\r') ? '\r' : ''}\ndog${end}`).queries).toEqual(['cat', 'dog']);
  });

  it('says that one line is one class', () => {
    expect(parseClassesFile('cat, dog', 'a.txt').notices).toEqual([
      'a.txt has one line, which is one class of 2 words; every class has its own',
    ]);
    expect(parseClassesFile('cat', 'a.txt').notices).toEqual([]);
  });

  it('reads the published lists as the published code does: by the comma and the space alone', () => {
    for (const { classes, name } of BENCHMARKS) {
      const published = classes.map(([className, , words]) => words ?? className);
      expect(parseClassesFile(published.join('\n'), name).classes.map(({ words }) => words)).toEqual(
        published.map((line) => line.split(', ')),
      );
    }
    for (const file of ['cls_plain.txt', 'cls_synonyms.txt', 'cls_trailing_space.txt']) {
      const text = readFileSync(join(REFERENCE, 'segmentor', file), 'utf8');
      const lines = text.replace(/\n$/, '').split('\n');
      expect(parseClassesFile(text).classes.map(({ words }) => words)).toEqual(lines.map((line) => line.split(', ')));
    }
  });

  it.each([
    ['', 'a.txt is empty, expected one class per line.'],
    ['\n\n', 'a.txt is empty, expected one class per line.'],
    ['cat\n\ndog', 'a.txt, line 2 is blank, expected a class name.'],
    ['cat\n \t\ndog\n', 'a.txt, line 2 is blank, expected a class name.'],
    ['cat, , dog', 'a.txt, line 1 has an empty name, expected words between the separators.'],
    ['cat\nCat ', 'a.txt, line 2 has "Cat", which already stands for the class "cat", expected every word once.'],
    ['cat,', 'a.txt, line 1 has an empty name, expected words between the separators.'],
    ['cat;;kitten', 'a.txt, line 1 has an empty name, expected words between the separators.'],
  ])('rejects %j', (text, message) => {
    expect(messageOf(() => parseClassesFile(text, 'a.txt'))).toBe(message);
  });
});

describe('a word in two classes', () => {
  const note = (place: string, word: string, first: string) =>
    `${place} has "${word}", which already stands for the class "${first}"; the first class wins`;

  it('stands for both, the first of which wins, and a notice says so, wherever the list comes from', () => {
    const words = [['sky', 'bed', 'wall'], ['bed']];
    const file = parseClassesFile('sky, bed, wall\nbed', 'coco');
    expect(file.notices).toEqual([note('coco, line 2', 'bed', 'sky')]);
    const typed = parseClassList('sky; bed; wall, bed');
    expect(typed.notices).toEqual([note('--classes, class 2', 'bed', 'sky')]);
    const table = makeClassList(words, 'table');
    expect(table.notices).toEqual([note('table, class 2', 'bed', 'sky')]);
    for (const { classes, queries, queryToClass } of [file, typed, table]) {
      expect(classes).toEqual([
        { name: 'sky', words: words[0] },
        { name: 'bed', words: words[1] },
      ]);
      expect(queries).toEqual(['sky', 'bed', 'wall', 'bed']);
      expect([...queryToClass]).toEqual([0, 0, 0, 1]);
    }
  });

  it.each([
    ['window blind, screen\nscreen, projection screen\nwall', ['window blind', 'screen', 'wall'], 1],
    ['dog, puppy\ncat, PUPPY', ['dog', 'cat'], 1],
    ['cat, kitten\nkitten, cat', ['cat', 'kitten'], 2],
    ['screen, crt screen\nscreen, silver screen', ['screen', 'silver screen'], 1],
    ['a, x\nb, x\nc, x', ['a', 'b', 'c'], 2],
  ])('%j', (text, names, shared) => {
    const { classes, notices } = parseClassesFile(text, 'list');
    expect(classes.map(({ name }) => name)).toEqual(names);
    expect(notices).toHaveLength(shared);
    for (const notice of notices) expect(notice).toMatch(/^list, line \d has ".*", which already stands for the class/);
  });

  it('but a class with nothing but the name of another one is a mistake, and so is a word twice in a class', () => {
    expect(() => parseClassesFile('bed, sofa\nsky\nbed', 'coco')).toThrow(/line 3 has "bed"/);
    expect(() => parseClassesFile('sky, bed\nsofa, bed, Bed', 'coco')).toThrow(/line 2 has "Bed" twice/);
  });

  it('of very many, five are named', () => {
    const words = Array.from({ length: 9 }, (_, k) => `w${k}`);
    const { notices } = makeClassList([words, ['own', ...words]], 'list');
    expect(notices).toHaveLength(6);
    expect(notices[5]).toBe('list has 4 more words that stand for two classes');
  });
});

describe('other separators between typed classes', () => {
  it.each([
    ['猫，狗；小狗、草', [['猫'], ['狗', '小狗'], ['草']]],
    ['cat,dog;puppy', [['cat'], ['dog', 'puppy']]],
    ['cat ,\n dog', [['cat'], ['dog']]],
  ])('%j is understood', (text, words) => {
    expect(parseClassList(text).classes.map((entry) => entry.words)).toEqual(words);
  });

  it.each([
    ['cat\tdog', 'a tab'],
    ['cat\ndog', 'a line break'],
    ['cat|dog', 'a vertical bar'],
    ["['cat', 'dog']", 'a quotation mark or bracket'],
    ['"cat", "dog"', 'a quotation mark or bracket'],
  ])('%j is refused', (text, what) => {
    const message = messageOf(() => parseClassList(text));
    expect(message).toContain(`--classes, class 1 has ${what} in `);
    expect(message).toContain('commas separate classes and semicolons synonyms, as in "cat, dog; puppy, grass".');
  });

  it('and words that come apart may look as they like', () => {
    expect(makeClassList([['a, b; c'], ['"d"']], 'table').queries).toEqual(['a, b; c', '"d"']);
  });
});

describe('makeClassList', () => {
  it('copies words that are already apart', () => {
    expect(makeClassList([['a', 'b'], ['c']], 'table').queries).toEqual(['a', 'b', 'c']);
    expect(() => makeClassList([], 'table')).toThrow('table is empty, expected at least one class.');
    expect(() => makeClassList([['a'], []], 'table')).toThrow('table, class 2 has no name, expected at least one.');
  });
});
