import { readFileSync } from 'node:fs';
import { decodeText } from './decodeText.ts';

/**
 * Reads a text file that a person wrote, see `decodeText`.
 *
 * @param fail makes the error of a file that cannot be read, from what is wrong with it: the rest of a sentence that
 *   names the file
 * @throws what `fail` returns
 */
export function readTextFile(path: string, fail: (problem: string, cause?: unknown) => Error): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw fail(readProblem((cause as NodeJS.ErrnoException).code), cause);
  }
  const text = decodeText(bytes);
  if (typeof text !== 'string') throw fail(text.problem);
  return text;
}

function readProblem(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist';
  return code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
}
