import { SINGLE_BYTE_TOKENS, type MergeTable } from './vocabulary.ts';

/** The published cache is unbounded; long-running processes with free text get a bound here. */
const CACHED_PIECES = 20_000;

/** The mark that ends the last token of a word, as bytes. */
const WORD_END = [...new TextEncoder().encode('</w>')];

/**
 * Byte-level byte pair encoding: the bytes of one piece of text become the ids of the merged tokens.
 *
 * A piece starts as one token per byte, the last one in its word-end variant. As long as two neighbours form a known
 * merge, all occurrences of the merge with the lowest rank are joined, left to right. Source: OpenAI CLIP
 * `simple_tokenizer.py`: `bytes_to_unicode`, `get_pairs`, `SimpleTokenizer.bpe`.
 */
export class BytePairEncoding {
  /** Number of merges in use. Ids are below `512 + mergeCount`. */
  readonly mergeCount: number;
  readonly #merges: MergeTable;
  readonly #rankOfPair = new Map<number, number>();
  readonly #cache = new Map<string, readonly number[]>();

  /**
   * @param merges the published merges
   * @param mergeCount how many of them to use, from the most frequent on; vocabularies of another size use fewer
   */
  constructor(merges: MergeTable, mergeCount: number = merges.left.length) {
    this.mergeCount = mergeCount;
    this.#merges = merges;
    for (let rank = 0; rank < mergeCount; rank++)
      this.#rankOfPair.set(pairKey(merges.left[rank], merges.right[rank]), rank);
  }

  /**
   * Encodes one piece (a word, a digit, a run of symbols), in UTF-8.
   * @returns token ids, in 0..511+mergeCount; empty for an empty piece
   */
  encodePiece(piece: string): readonly number[] {
    const known = this.#cache.get(piece);
    if (known !== undefined) return known;
    const ids = this.#merge(initialTokens(new TextEncoder().encode(piece)));
    if (this.#cache.size >= CACHED_PIECES) this.#cache.clear();
    this.#cache.set(piece, ids);
    return ids;
  }

  /**
   * Appends the bytes a token stands for. A word-end token ends with the four bytes of `</w>`, as in the published
   * decoder.
   * @param id a token id in 0..511+mergeCount
   */
  appendBytes(id: number, bytes: number[]): void {
    if (id < 256) {
      bytes.push(BYTE_OF_TOKEN[id]);
    } else if (id < SINGLE_BYTE_TOKENS) {
      bytes.push(BYTE_OF_TOKEN[id - 256], ...WORD_END);
    } else {
      this.appendBytes(this.#merges.left[id - SINGLE_BYTE_TOKENS], bytes);
      this.appendBytes(this.#merges.right[id - SINGLE_BYTE_TOKENS], bytes);
    }
  }

  #merge(tokens: number[]): number[] {
    for (;;) {
      const rank = this.#lowestRank(tokens);
      if (rank === Infinity) return tokens;
      tokens = joinEverywhere(tokens, this.#merges.left[rank], this.#merges.right[rank], SINGLE_BYTE_TOKENS + rank);
    }
  }

  #lowestRank(tokens: readonly number[]): number {
    let lowest = Infinity;
    for (let index = 1; index < tokens.length; index++) {
      const rank = this.#rankOfPair.get(pairKey(tokens[index - 1], tokens[index]));
      if (rank !== undefined && rank < lowest) lowest = rank;
    }
    return lowest;
  }
}

/** Token id (0..255) of a byte -> byte. Bytes that print in Latin-1 come first, the others follow in order. */
const BYTE_OF_TOKEN = orderBytes();
const TOKEN_OF_BYTE = new Uint8Array(256);
BYTE_OF_TOKEN.forEach((byte, token) => (TOKEN_OF_BYTE[byte] = token));

function orderBytes(): Uint8Array {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  return Uint8Array.from([...bytes.filter(isPrintable), ...bytes.filter((byte) => !isPrintable(byte))]);
}

function initialTokens(bytes: Uint8Array): number[] {
  const tokens = Array.from(bytes, (byte) => TOKEN_OF_BYTE[byte]);
  if (tokens.length > 0) tokens[tokens.length - 1] += 256;
  return tokens;
}

function joinEverywhere(tokens: readonly number[], left: number, right: number, joined: number): number[] {
  const result: number[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const matches = tokens[index] === left && tokens[index + 1] === right;
    result.push(matches ? joined : tokens[index]);
    if (matches) index++;
  }
  return result;
}

function pairKey(left: number, right: number): number {
  return left * 65536 + right;
}
