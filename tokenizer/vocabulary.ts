import { readVocabulary } from './dataFiles.ts';
import { TokenizerError } from './errors.ts';

/** CLIP's merges: merge `rank` joins the tokens `left[rank]` and `right[rank]` into the token with id `512 + rank`. */
export interface MergeTable {
  left: Uint16Array;
  right: Uint16Array;
}

/** Number of merges in the published vocabulary. */
export const MERGE_COUNT = 48894;

/** Ids below this are single bytes: 0..255 inside a word, 256..511 at its end. */
export const SINGLE_BYTE_TOKENS = 512;

/** Size of the published vocabulary: single bytes, merges, start and end token. */
export const PUBLISHED_VOCABULARY_SIZE = SINGLE_BYTE_TOKENS + MERGE_COUNT + 2;

let loaded: MergeTable | undefined;

/**
 * Reads the merges from the data file beside this module, once per process.
 * Source: OpenAI CLIP `bpe_simple_vocab_16e6.txt.gz`, lines 2 to 48,895; `scripts/build-vocabulary.mjs` says how it is
 * stored.
 * @returns two arrays of 48,894 token ids, in order of rank (rank 0 is applied first)
 * @throws TokenizerError `RFCLIP-TOKENS-VOCABULARY` if the file is missing or damaged
 */
export function loadMerges(): MergeTable {
  if (loaded !== undefined) return loaded;
  let planes: Uint8Array;
  try {
    planes = readVocabulary();
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : 'it cannot be read', cause);
  }
  if (planes.length !== 4 * MERGE_COUNT) throw damaged(`${planes.length} bytes found, ${4 * MERGE_COUNT} expected`);
  const left = new Uint16Array(MERGE_COUNT);
  const right = new Uint16Array(MERGE_COUNT);
  for (let rank = 0; rank < MERGE_COUNT; rank++) {
    left[rank] = planes[rank] | (planes[MERGE_COUNT + rank] << 8);
    right[rank] = planes[2 * MERGE_COUNT + rank] | (planes[3 * MERGE_COUNT + rank] << 8);
  }
  loaded = { left, right };
  return loaded;
}

function damaged(reason: string, cause?: unknown): TokenizerError {
  return new TokenizerError(`The vocabulary file tokenizer/vocabulary.br is damaged: ${reason}.`, {
    code: 'RFCLIP-TOKENS-VOCABULARY',
    fix: 'Install the package again, or run node scripts/build-vocabulary.mjs in a checkout.',
    where: 'tokenizer/vocabulary.br',
    cause,
  });
}
