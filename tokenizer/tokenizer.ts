import { BytePairEncoding } from './bytePairEncoding.ts';
import { cleanText } from './cleanText.ts';
import { TokenizerError } from './errors.ts';
import { MERGE_COUNT, PUBLISHED_VOCABULARY_SIZE, SINGLE_BYTE_TOKENS, loadMerges } from './vocabulary.ts';

/** Tokens per row of the published models, start and end token included. */
export const CONTEXT_LENGTH = 77;

const START_TEXT = '<|startoftext|>';
const END_TEXT = '<|endoftext|>';

/**
 * The pieces that are encoded one by one: the two special tokens, English contractions, runs of letters, single digits
 * of any script, runs of other symbols. The text is lower case by then. The published expression ignores case, which
 * has two effects left: the long s counts as an s, and U+0345, a mark that equals the letter iota then, belongs to no
 * piece and is dropped.
 */
const PIECE =
  /<\|[sſ]tartoftext\|>|<\|endoftext\|>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}\u0345]+/gu;

/** Longest part of a text that an error message repeats, in characters. */
const QUOTED_LENGTH = 40;

export interface TokenizeOptions {
  /** Tokens per row, start and end token included; at least 2. Default 77. */
  contextLength?: number;
  /** Cut texts that are too long instead of throwing; the end token stays the last one. Default false. */
  truncate?: boolean;
}

/**
 * CLIP's tokenizer: text to rows of token ids and back.
 * Source: OpenAI CLIP `simple_tokenizer.py: SimpleTokenizer`, `clip.py: tokenize`.
 */
export class Tokenizer {
  /** Number of ids, start and end token included. */
  readonly vocabularySize: number;
  /** Id of the start token: `vocabularySize - 2`. */
  readonly startId: number;
  /** Id of the end token: `vocabularySize - 1`, the largest of all. */
  readonly endId: number;
  readonly #encoding: BytePairEncoding;

  /**
   * @param vocabularySize number of ids of the model, at least 2. Below the published 49,408 only the most frequent
   *   merges are used, so that ids fit. A size below 514 (test models) has no room for all single bytes: their ids
   *   0..511 appear all the same, and the caller brings them into range.
   * @throws TokenizerError `RFCLIP-TOKENS-CONTEXT` for a size that is no whole number of at least 2
   */
  constructor(vocabularySize: number = PUBLISHED_VOCABULARY_SIZE) {
    checkCount('vocabulary size', vocabularySize);
    this.vocabularySize = vocabularySize;
    this.startId = vocabularySize - 2;
    this.endId = vocabularySize - 1;
    const mergeCount = Math.max(0, Math.min(MERGE_COUNT, vocabularySize - 2 - SINGLE_BYTE_TOKENS));
    this.#encoding = new BytePairEncoding(loadMerges(), mergeCount);
  }

  /**
   * Encodes a text without start and end token, however long it is. The literal texts `<|startoftext|>` and
   * `<|endoftext|>` become the special ids.
   * @returns token ids; empty if nothing is left of the text after cleaning
   */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const [piece] of cleanText(text).matchAll(PIECE)) {
      if (piece === START_TEXT) ids.push(this.startId);
      else if (piece === END_TEXT) ids.push(this.endId);
      else for (const id of this.#encoding.encodePiece(piece)) ids.push(id);
    }
    return ids;
  }

  /**
   * Decodes token ids, special and padding ids (0 is `!`) included. Each word is followed by a space; bytes that are no
   * UTF-8 become U+FFFD.
   * @throws TokenizerError `RFCLIP-TOKENS-UNKNOWN-ID` for an id outside the vocabulary
   */
  decode(ids: Iterable<number>): string {
    const bytes: number[] = [];
    for (const id of ids) {
      if (id === this.startId) bytes.push(...new TextEncoder().encode(START_TEXT));
      else if (id === this.endId) bytes.push(...new TextEncoder().encode(END_TEXT));
      else if (Number.isInteger(id) && id >= 0 && id < SINGLE_BYTE_TOKENS + this.#encoding.mergeCount)
        this.#encoding.appendBytes(id, bytes);
      else
        throw new TokenizerError(`Token id ${id} is not in the vocabulary of ${this.vocabularySize} ids.`, {
          code: 'RFCLIP-TOKENS-UNKNOWN-ID',
          where: 'decode',
        });
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes)).replaceAll('</w>', ' ');
  }

  /**
   * Makes the text encoder's input: per text one row of start token, text, end token and zeros.
   * @param texts one text or several
   * @returns ids [n, contextLength], row-major
   * @throws TokenizerError `RFCLIP-TOKENS-TOO-LONG` if a text does not fit and `truncate` is off;
   *   `RFCLIP-TOKENS-CONTEXT` if `contextLength` is no whole number of at least 2
   */
  tokenize(texts: string | readonly string[], options: TokenizeOptions = {}): Int32Array {
    const { contextLength = CONTEXT_LENGTH, truncate = false } = options;
    checkCount('context length', contextLength);
    const list = typeof texts === 'string' ? [texts] : texts;
    const rows = new Int32Array(list.length * contextLength);
    list.forEach((text, index) => {
      const ids = this.encode(text);
      const room = contextLength - 2;
      if (ids.length > room && !truncate) throw tooLong(text, ids.length, room, contextLength);
      rows.set([this.startId, ...ids.slice(0, room), this.endId], index * contextLength);
    });
    return rows;
  }
}

let shared: Tokenizer | undefined;

/** The tokenizer of the published models (49,408 ids), loaded on first use and shared from then on. */
export function publishedTokenizer(): Tokenizer {
  shared ??= new Tokenizer();
  return shared;
}

/**
 * Tokenizes with the published vocabulary; see `Tokenizer.tokenize`.
 * @returns ids [n, contextLength], row-major; context length 77 unless given
 * @throws TokenizerError `RFCLIP-TOKENS-TOO-LONG`, `RFCLIP-TOKENS-CONTEXT`
 */
export function tokenize(texts: string | readonly string[], options?: TokenizeOptions): Int32Array {
  return publishedTokenizer().tokenize(texts, options);
}

function checkCount(what: string, count: number): void {
  if (Number.isInteger(count) && count >= 2) return;
  throw new TokenizerError(
    `The ${what} is ${count}, but it must be a whole number of at least 2 (start and end token).`,
    { code: 'RFCLIP-TOKENS-CONTEXT', where: 'tokenizer' },
  );
}

function tooLong(text: string, found: number, room: number, contextLength: number): TokenizerError {
  const characters = [...text];
  const quoted = characters.length > QUOTED_LENGTH ? `${characters.slice(0, QUOTED_LENGTH).join('')}…` : text;
  return new TokenizerError(
    `The text ${JSON.stringify(quoted)} has ${found} tokens, but only ${room} fit into a context of ` +
      `${contextLength} with start and end token.`,
    {
      code: 'RFCLIP-TOKENS-TOO-LONG',
      fix: 'Shorten the text, or ask for truncation.',
      where: 'tokenize',
    },
  );
}
