import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packRecordings } from '../packRecordings.mjs';

/**
 * Writes the recorded calls of published code as one archive.
 * @param {string} out
 * @returns {string} its path in the static folder
 */
export function writeRecordings(out) {
  const path = 'recordings.zip';
  writeFileSync(join(out, path), packRecordings());
  return path;
}
