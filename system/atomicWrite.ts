import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName } from './temporaryFiles.ts';
import { RfclipError } from '../engine/errors.ts';

/** A result file that could not be written. */
export class OutputError extends RfclipError {
  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path} cannot be written: ${problem}`, { code: 'RFCLIP-WRITE', where: path, cause });
  }
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
    throw error instanceof OutputError ? error : new OutputError(path, writeProblem(error, path), error);
  }
}

async function replaceFile(target: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(target), temporaryName());
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
  }
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

function writeProblem(error: unknown, path: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return `the folder ${dirname(path)} does not exist`;
    case 'ENOTDIR':
      return `${dirname(path)} is not a folder`;
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the disk is read-only';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on the disk';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
