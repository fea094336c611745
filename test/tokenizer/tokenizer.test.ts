import { describe, expect, it } from 'vitest';
import {
  PUBLISHED_VOCABULARY_SIZE,
  Tokenizer,
  TokenizerError,
  loadMerges,
  publishedTokenizer,
  tokenize,
} from '../../tokenizer/index.ts';

const LOADING_LIMIT_MS = 150;

function errorOf(action: () => unknown): TokenizerError {
  try {
    action();
  } catch (error) {
    if (error instanceof TokenizerError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('Tokenizer', () => {
  it('has the published vocabulary', () => {
    expect(PUBLISHED_VOCABULARY_SIZE).toBe(49408);
    expect(loadMerges().left).toHaveLength(48894);
    const { vocabularySize, startId, endId } = publishedTokenizer();
    expect([vocabularySize, startId, endId]).toEqual([49408, 49406, 49407]);
  });

  it('loads in time', () => {
    const times = [1, 2, 3].map(() => {
      const begin = performance.now();
      new Tokenizer();
      return performance.now() - begin;
    });
    expect(Math.min(...times)).toBeLessThan(LOADING_LIMIT_MS);
  });

  it('keeps the end token when it truncates', () => {
    const row = tokenize('one two three four', { contextLength: 4, truncate: true });
    const [one, two] = publishedTokenizer().encode('one two');
    expect([...row]).toEqual([49406, one, two, 49407]);
  });

  it('accepts other contexts', () => {
    expect([...tokenize(['', 'cat'], { contextLength: 3 })]).toEqual([49406, 49407, 0, 49406, 2368, 49407]);
    expect(tokenize([])).toHaveLength(0);
  });

  it('uses fewer merges for a smaller vocabulary', () => {
    const small = new Tokenizer(1000);
    expect([small.startId, small.endId]).toEqual([998, 999]);
    const ids = small.encode('a photograph of <|endoftext|> zebras');
    expect(Math.max(...ids)).toBe(999);
    expect(small.decode(ids)).toBe('a photograph of <|endoftext|>zebras ');
  });

  it('puts the special ids last in a tiny vocabulary', () => {
    const row = new Tokenizer(300).tokenize('ab', { contextLength: 8 });
    expect([...row]).toEqual([298, 64, 65 + 256, 299, 0, 0, 0, 0]);
  });

  it('decodes bytes that are no UTF-8', () => {
    const [first, ...rest] = publishedTokenizer().encode('龘');
    expect(publishedTokenizer().decode([first])).toContain('\ufffd');
    expect(publishedTokenizer().decode([first, ...rest])).toBe('龘 ');
  });
});

describe('TokenizerError', () => {
  it('says how many tokens a text has and how many fit', () => {
    const error = errorOf(() => tokenize(['cat', 'cat '.repeat(80)]));
    expect(error.code).toBe('RFCLIP-TOKENS-TOO-LONG');
    expect(error.message).toBe(
      `The text "${'cat '.repeat(10)}…" has 80 tokens, but only 75 fit into a context of 77 with start and end token.`,
    );
    expect(error.fix).toContain('truncation');
  });

  it.each([0, 1, 2.5, -3, Number.NaN])('refuses a context or a vocabulary of %s', (count) => {
    expect(errorOf(() => tokenize('cat', { contextLength: count })).code).toBe('RFCLIP-TOKENS-CONTEXT');
    expect(errorOf(() => new Tokenizer(count)).code).toBe('RFCLIP-TOKENS-CONTEXT');
  });

  it.each([-1, 49408, 1.5, Number.NaN])('refuses to decode %s', (id) => {
    expect(errorOf(() => publishedTokenizer().decode([id])).code).toBe('RFCLIP-TOKENS-UNKNOWN-ID');
  });
});
