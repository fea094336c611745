export { BytePairEncoding } from './bytePairEncoding.ts';
export { cleanText } from './cleanText.ts';
export { TokenizerError } from './errors.ts';
export { unescapeHtml } from './htmlUnescape.ts';
export { repairText } from './repairText.ts';
export { CONTEXT_LENGTH, Tokenizer, publishedTokenizer, tokenize, type TokenizeOptions } from './tokenizer.ts';
export { PUBLISHED_VOCABULARY_SIZE, loadMerges, type MergeTable } from './vocabulary.ts';
