import { rmSync } from 'node:fs';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asOutputError } from './asOutputError.ts';
import { OutputError } from './outputError.ts';
import { temporaryName } from './temporaryFiles.ts';

/** Temporary files that are being written. */
const unfinished = new Set<string>();

/** Removes what is half written, for the end of a process that does not come to its own. */
export function removeUnfinishedFiles(): void {
  for (const path of unfinished) rmSync(path, { force: true });
}

/**
 * Writes a file so that its name never stands for half of it: into a temporary file in the same folder, flushed to
 * disk, then renamed over the target. Whatever fails, the temporary file is removed and an old file of the name is
 * untouched. A symbolic link keeps pointing where it did; a device such as /dev/stdout is written to directly.
 *
 * @throws OutputError if the folder is missing, the target is a folder, permission is denied, the disk is full, ...
 */
export async function atomicWrite(path: string, content: Uint8Array | string): Promise<void> {
  try {
    const existing = await stat(path).catch(ignoreMissing);
    if (existing?.isDirectory()) throw new OutputError(path, 'there is a folder of that name');
    if (existing !== undefined && !existing.isFile()) return await writeFile(path, content);
    await replaceFile(existing === undefined ? path : await realpath(path), content);
  } catch (error) {
    throw asOutputError(error, path);
  }
}

async function replaceFile(target: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(target), temporaryName());
  unfinished.add(temporary);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}
