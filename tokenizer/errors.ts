import { RfclipError } from '../engine/errors.ts';

/**
 * A text or an argument the tokenizer cannot use. Codes: `RFCLIP-TOKENS-TOO-LONG` (a text does not fit the context),
 * `RFCLIP-TOKENS-CONTEXT` (a context or vocabulary of impossible size), `RFCLIP-TOKENS-UNKNOWN-ID` (decoding an id that
 * the vocabulary does not have), `RFCLIP-TOKENS-VOCABULARY` (the data file is damaged).
 */
export class TokenizerError extends RfclipError {}
