import * as z from 'zod';
import { applyTemplates, imagenetTemplates } from '../../clip/promptTemplates.ts';
import { cleanText, publishedTokenizer, repairText, TokenizerError } from '../../tokenizer/index.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { checkValues, parametersOf, type ReferenceCase } from '../reading/manifest.ts';
import { type CaseContext, type CasePart, wholeCase } from './casePart.ts';

const strings = z.array(z.string());

/** A file of texts; `strings.json` has all columns, the others only some. */
const textsFile = z.object({
  texts: strings,
  num_bpe_tokens: z.array(z.number()).optional(),
  raises_without_truncate: z.array(z.number()).optional(),
  after_ftfy: strings.optional(),
  cleaned_lower: strings.optional(),
  bpe_ids: z.array(z.array(z.number().int().nonnegative())).optional(),
  decoded: strings.optional(),
  decoded_padded_row_upto_eot: strings.optional(),
  /** Rows of the context's length without their padding, where they are not recorded as the tensor `ids`. */
  rows: z.array(z.array(z.number().int().nonnegative())).optional(),
});

const parameters = z.object({
  texts_file: z.string(),
  templates: z.number().optional(),
  classes: z.array(z.object({ word: z.string() })).optional(),
});

/**
 * Cases of the folder `tokenizer`: texts to ids, and every step between where the file records it.
 * @returns undefined for a case that names no file of texts.
 */
export function tokenizerCase(reference: ReferenceCase): CasePart[] | undefined {
  return 'texts_file' in reference.parameters ? wholeCase(reference, runTexts) : undefined;
}

function runTexts(checks: CaseChecks, { files }: CaseContext): void {
  const { texts_file: file, templates, classes } = parametersOf(checks.reference, parameters);
  const recorded = checkValues(files.json('tokenizer', file), textsFile, file);
  const { texts } = recorded;
  const tokenizer = publishedTokenizer();
  const encoded = texts.map((text) => tokenizer.encode(text));
  const rows = tokenizer.tokenize(texts, { truncate: true }); // [n, 77]
  const context = rows.length / Math.max(1, texts.length);
  const rowOf = (index: number) => rows.subarray(index * context, (index + 1) * context);
  checks.compare('ids', rows);
  if (recorded.rows !== undefined) {
    checks.same(
      'rows',
      texts.map((_, index) => unpadded(rowOf(index))),
      recorded.rows,
    );
  }
  if (recorded.after_ftfy !== undefined) checks.same('after_ftfy', texts.map(repairText), recorded.after_ftfy);
  if (recorded.cleaned_lower !== undefined) checks.same('cleaned_lower', texts.map(cleanText), recorded.cleaned_lower);
  if (recorded.num_bpe_tokens !== undefined)
    checks.same(
      'num_bpe_tokens',
      encoded.map((ids) => ids.length),
      recorded.num_bpe_tokens,
    );
  if (recorded.bpe_ids !== undefined) checks.same('bpe_ids', encoded, recorded.bpe_ids);
  if (recorded.bpe_ids !== undefined && recorded.decoded !== undefined) {
    checks.same(
      'decoded',
      recorded.bpe_ids.map((ids) => tokenizer.decode(ids)),
      recorded.decoded,
    );
  }
  if (recorded.decoded_padded_row_upto_eot !== undefined) {
    const decoded = texts.map((_, index) => {
      const row = rowOf(index);
      return tokenizer.decode(row.subarray(0, row.indexOf(tokenizer.endId) + 1));
    });
    checks.same('decoded_padded_row_upto_eot', decoded, recorded.decoded_padded_row_upto_eot);
  }
  if (recorded.raises_without_truncate !== undefined) {
    checks.same(
      'raises_without_truncate',
      texts.flatMap((text, index) => (isTooLong(text) ? [index] : [])),
      recorded.raises_without_truncate,
    );
  }
  if (templates !== undefined && classes !== undefined) {
    checks.same(
      'prompts',
      classes.flatMap(({ word }) => applyTemplates(word, imagenetTemplates)),
      texts,
    );
  }
}

/** A row up to its last id that is not 0, which only padding has at the end. */
function unpadded(row: Int32Array): number[] {
  return Array.from(row.subarray(0, row.findLastIndex((id) => id !== 0) + 1));
}

function isTooLong(text: string): boolean {
  try {
    publishedTokenizer().tokenize(text);
    return false;
  } catch (error) {
    if (error instanceof TokenizerError && error.code === 'RFCLIP-TOKENS-TOO-LONG') return true;
    throw error;
  }
}
