import { describe, expect, it } from 'vitest';
import { tokenize } from '../../tokenizer/index.ts';
import { expectRecorded, recordings } from '../support/reference.ts';

const compared = async (name: string) => (await expectRecorded(name)).findings.map(({ what }) => what);

describe('the published tokenizer', () => {
  it('repairs texts as ftfy does, cleans, lower-cases, encodes, decodes, and truncates only when asked', async () => {
    expect((await compared('tokenizer/strings')).sort()).toEqual([
      'after_ftfy',
      'bpe_ids',
      'cleaned_lower',
      'decoded',
      'decoded_padded_row_upto_eot',
      'ids',
      'num_bpe_tokens',
      'raises_without_truncate',
    ]);
  });

  it('tokenizes every class word of the benchmarks', async () => {
    expect(await compared('tokenizer/class_words')).toContain('rows');
    const { texts, rows } = recordings.json('tokenizer', 'class_words.json') as { texts: string[]; rows: number[][] };
    expect(tokenize(texts)).toEqual(tokenize(texts, { truncate: true }));
    expect(rows).toHaveLength(1316);
  });

  it('tokenizes class words in all prompt templates', async () => {
    expect(await compared('tokenizer/class_templates')).toEqual(expect.arrayContaining(['rows', 'prompts']));
  });
});
