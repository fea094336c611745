import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClassListError, makeClassList, parseClassesFile, parseClassList } from '../../rfclip/classes.ts';

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
    [
      'dog; puppy, cat; PUPPY',
      '--classes, class 2 has "PUPPY", which already stands for the class "dog", expected every word once.',
    ],
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
        fc.property(text, fc.boolean(), (input, allowSharedWords) => {
          try {
            const { classes, queries, queryToClass } = parse(input, 'here', { allowSharedWords });
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

  it('separates synonyms by comma and space only', () => {
    expect(parseClassesFile('cat,dog; puppy, wolf').classes).toEqual([
      { name: 'cat,dog; puppy', words: ['cat,dog; puppy', 'wolf'] },
    ]);
  });

  it.each([
    ['', 'a.txt is empty, expected one class per line.'],
    ['\n\n', 'a.txt is empty, expected one class per line.'],
    ['cat\n\ndog', 'a.txt, line 2 is blank, expected a class name.'],
    ['cat\n \t\n', 'a.txt, line 2 is blank, expected a class name.'],
    ['cat, , dog', 'a.txt, line 1 has an empty name, expected words between the separators.'],
    ['cat\ndog, cat ', 'a.txt, line 2 has "cat", which already stands for the class "cat", expected every word once.'],
  ])('rejects %j', (text, message) => {
    expect(messageOf(() => parseClassesFile(text, 'a.txt'))).toBe(message);
  });

  it('lets a word stand for two classes where that is asked for, but never two classes have one name', () => {
    const shared = { allowSharedWords: true };
    const list = parseClassesFile('sky, bed, wall\nbed', 'coco', shared);
    expect(list.queries).toEqual(['sky', 'bed', 'wall', 'bed']);
    expect(() => parseClassesFile('sky, bed, wall\nbed', 'coco')).toThrow(ClassListError);
    expect(() => parseClassesFile('bed, sofa\nsky\nbed', 'coco', shared)).toThrow(/line 3 has "bed"/);
    expect(() => parseClassesFile('sky, bed\nsofa, bed, Bed', 'coco', shared)).toThrow(/line 2 has "Bed" twice/);
  });
});

describe('makeClassList', () => {
  it('copies words that are already apart', () => {
    expect(makeClassList([['a', 'b'], ['c']], 'table').queries).toEqual(['a', 'b', 'c']);
    expect(() => makeClassList([], 'table')).toThrow('table is empty, expected at least one class.');
    expect(() => makeClassList([['a'], []], 'table')).toThrow('table, class 2 has no name, expected at least one.');
  });
});
