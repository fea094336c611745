import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

/** The merges as `loadMerges` takes them apart: four planes of 48,894 bytes. @throws what Node throws */
export function readVocabulary(): Uint8Array {
  return brotliDecompressSync(readFileSync(new URL('./vocabulary.br', import.meta.url)));
}

/** HTML's named character references, as `namedReferences` has them. @throws what Node throws */
export function readHtmlEntities(): Record<string, string> {
  return JSON.parse(readFileSync(new URL('./htmlEntities.json', import.meta.url), 'utf8')) as Record<string, string>;
}
