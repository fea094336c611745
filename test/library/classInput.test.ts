import { describe, expect, it } from 'vitest';
import { type ClassInput, classListOf, withBackground } from '../../library/classInput.ts';
import { makeClassList, parseClassList } from '../../rfclip/classes.ts';

const wordsOf = (input: ClassInput) => classListOf(input).classes.map(({ words }) => words);

describe('classes', () => {
  it('come as one line, a list of words or descriptions, or a parsed list', () => {
    const expected = [['cat'], ['dog', 'puppy'], ['grass']];
    expect(wordsOf(' cat, dog; puppy ,grass')).toEqual(expected);
    expect(wordsOf(['cat', { name: 'dog', synonyms: ['puppy'] }, { name: 'grass' }])).toEqual(expected);
    expect(wordsOf(parseClassList('cat, dog; puppy, grass'))).toEqual(expected);
    expect(classListOf('cat, dog; puppy')).toEqual({
      classes: [
        { name: 'cat', words: ['cat'] },
        { name: 'dog', words: ['dog', 'puppy'] },
      ],
      queries: ['cat', 'dog', 'puppy'],
      queryToClass: Int32Array.of(0, 1, 1),
      notices: [],
    });
  });

  it('of a list may hold commas and semicolons, which separate nothing there', () => {
    expect(wordsOf(['bench, park', { name: 'a; b', synonyms: ['c, d'] }])).toEqual([['bench, park'], ['a; b', 'c, d']]);
  });

  it('may be those of another segmenter', () => {
    const parsed = parseClassList('cat, dog; puppy');
    expect(classListOf(parsed.classes as never)).toEqual(parsed);
  });

  it('are not the lists of the caller', () => {
    const synonyms = ['puppy'];
    const parsed = parseClassList('cat, dog');
    const lists = [classListOf([{ name: 'dog', synonyms }]), classListOf(parsed)];
    synonyms[0] = 'wolf';
    parsed.classes[0].words[0] = 'tiger';
    parsed.queries[0] = 'tiger';
    parsed.queryToClass[0] = 1;
    expect(lists.map(({ queries }) => queries)).toEqual([
      ['dog', 'puppy'],
      ['cat', 'dog'],
    ]);
    expect(lists[1].queryToClass).toEqual(Int32Array.of(0, 1));
  });

  it('that were parsed so that they share words keep them', () => {
    const shared = makeClassList([['bed'], ['wall', 'bed']], 'a test');
    expect(classListOf(shared)).toEqual(shared);
  });

  it('that have a word in two classes say so', () => {
    const inputs: ClassInput[] = ['cat, dog; CAT', ['cat', { name: 'dog', synonyms: ['CAT'] }]];
    for (const input of inputs) {
      const { queries, notices } = classListOf(input);
      expect(queries).toEqual(['cat', 'dog', 'CAT']);
      expect(notices).toEqual([
        'the class list, class 2 has "CAT", which already stands for the class "cat"; the first class wins',
      ]);
    }
    expect(classListOf('cat, dog').notices).toEqual([]);
  });

  const bad: [string, unknown, string][] = [
    ['an empty text', ' ', 'the class list is empty, expected class names separated by commas.'],
    ['an empty list', [], 'the class list is empty, expected at least one class.'],
    ['an empty word', 'cat,,dog', 'the class list, class 2 has an empty name'],
    ['an empty word of a list', ['cat', ' '], 'the class list, class 2 has an empty name'],
    ['an empty synonym', [{ name: 'cat', synonyms: [''] }], 'the class list, class 1 has an empty name'],
    ['a name twice', ['cat', 'CAT'], 'class 2 has "CAT", which already stands for'],
    ['a word twice in a class', [{ name: 'cat', synonyms: ['CAT'] }], 'class 1 has "CAT" twice'],
    ['nothing', undefined, 'the class list is undefined, expected a text or a list of names'],
    ['null', null, 'the class list is null, expected'],
    ['a number', 5, 'the class list is a number, expected'],
    ['an object', { cat: 1 }, 'the class list is an Object, expected'],
    ['a number in a list', ['cat', 5], 'class 2 is a number, expected a text or { name, synonyms }'],
    ['a hole in a list', ['cat', null], 'class 2 is null, expected a text or { name, synonyms }'],
    ['a list in a list', [['cat', 'kitten']], 'class 1 is an Array, expected a text or { name, synonyms }'],
    ['no name', [{ synonyms: ['cat'] }], 'class 1 is an Object, expected a text or { name, synonyms }'],
    ['one synonym', [{ name: 'a', synonym: 'b' }], 'class 1 has a synonym, expected synonyms, a list of words'],
    ['a text of synonyms', [{ name: 'a', synonyms: 'bcd' }], 'class 1 has a string for synonyms, expected a list of'],
    [
      'a number as synonym',
      [{ name: 'a', synonyms: ['b', 7] }],
      'class 1 has a number among its synonyms, expected words',
    ],
  ];
  it.each(bad)('are refused in one sentence: %s', (_, input, sentence) => {
    expect(() => classListOf(input as ClassInput)).toThrow(
      expect.objectContaining({ name: 'ClassListError', message: expect.stringContaining(sentence) }),
    );
  });
});

describe('the background', () => {
  const names = (line: string, background: string) =>
    withBackground(classListOf(line), background, 'background').classes.map(({ name, words }) => [name, words.length]);

  it('becomes the first class, whether it is one already or not', () => {
    expect(names('cat, dog', 'wall')).toEqual([
      ['wall', 1],
      ['cat', 1],
      ['dog', 1],
    ]);
    expect(names('cat, Wall; plaster, dog', ' wall ')).toEqual([
      ['Wall', 2],
      ['cat', 1],
      ['dog', 1],
    ]);
  });

  it('is an error where it is empty', () => {
    expect(() => names('cat', ' ')).toThrow('background is empty, expected the name of a class');
  });

  it('wins where it is a word of another class too', () => {
    expect(names('cat, dog; wall', 'wall')).toEqual([
      ['wall', 1],
      ['cat', 1],
      ['dog', 2],
    ]);
    expect(withBackground(parseClassList('cat, dog; wall'), 'wall', 'background').notices).toEqual([
      'background, class 3 has "wall", which already stands for the class "wall"; the first class wins',
    ]);
  });
});
