import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONTEXT_LENGTH, cleanText, publishedTokenizer, repairText, tokenize } from '../../tokenizer/index.ts';

interface Strings {
  texts: string[];
  raises_without_truncate: number[];
  after_ftfy: string[];
  cleaned_lower: string[];
  bpe_ids: number[][];
  decoded: string[];
  decoded_padded_row_upto_eot: string[];
  rows: number[][];
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/tokenizer/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** Rows of ids without padding -> [n, 77]. */
function padRows(rows: readonly number[][]): Int32Array {
  const padded = new Int32Array(rows.length * CONTEXT_LENGTH);
  rows.forEach((row, index) => padded.set(row, index * CONTEXT_LENGTH));
  return padded;
}

describe('the published tokenizer', () => {
  const tokenizer = publishedTokenizer();
  const strings = readJson<Strings>('strings');

  it('repairs texts as ftfy does', () => {
    expect(strings.texts.map(repairText)).toEqual(strings.after_ftfy);
  });

  it('cleans and lower-cases', () => {
    expect(strings.texts.map(cleanText)).toEqual(strings.cleaned_lower);
  });

  it('encodes', () => {
    expect(strings.texts.map((text) => tokenizer.encode(text))).toEqual(strings.bpe_ids);
  });

  it('decodes', () => {
    expect(strings.bpe_ids.map((ids) => tokenizer.decode(ids))).toEqual(strings.decoded);
    expect(strings.rows.map((row) => tokenizer.decode(row.slice(0, row.indexOf(tokenizer.endId) + 1)))).toEqual(
      strings.decoded_padded_row_upto_eot,
    );
  });

  it('truncates when asked, and only then', () => {
    expect(tokenize(strings.texts, { truncate: true })).toEqual(padRows(strings.rows));
    const raising = strings.texts.flatMap((text, index) => {
      try {
        tokenize(text);
        return [];
      } catch {
        return [index];
      }
    });
    expect(raising).toEqual(strings.raises_without_truncate);
  });

  it('tokenizes every class word of the benchmarks', () => {
    const { texts, rows } = readJson<{ texts: string[]; rows: number[][] }>('classWords');
    expect(tokenize(texts)).toEqual(padRows(rows));
  });

  it('tokenizes class words in all prompt templates', () => {
    const { templates, words, rows } = readJson<{ templates: string[]; words: string[]; rows: number[][] }>(
      'classTemplates',
    );
    const prompts = words.flatMap((word) => templates.map((template) => template.replace('{}', word)));
    expect(tokenize(prompts)).toEqual(padRows(rows));
  });
});
