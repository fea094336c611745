import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Names that `temporaryName` gives; nobody else gives such. */
export const TEMPORARY_NAME = /^\.rfclip-\d+-[0-9a-f]{12}\.tmp$/;

/** A name for a file that is written before it is renamed. */
export function temporaryName(): string {
  return `.rfclip-${process.pid}-${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Removes files that a killed process left. What cannot be removed stays: it does no harm.
 *
 * @param folder may be absent
 * @param names of files that nobody needs once they are old; other files, folders and links stay
 * @param age in milliseconds, after which such a file is in use nowhere, here or on another machine
 */
export function removeStaleFiles(folder: string, names: readonly RegExp[], age: number): void {
  try {
    for (const name of readdirSync(folder).filter((one) => names.some((pattern) => pattern.test(one)))) {
      const path = join(folder, name);
      const status = lstatSync(path);
      if (status.isFile() && Date.now() - status.mtimeMs > age) rmSync(path, { force: true });
    }
  } catch {
    // The folder is not there yet, or another process was faster.
  }
}
