import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { RfclipError } from '../engine/errors.ts';
import { OutputError } from './outputError.ts';

/** An error of the file system in the words of `OutputError`; errors that have their words already stay as they are. */
export function asOutputError(error: unknown, path: string): RfclipError {
  return error instanceof RfclipError ? error : new OutputError(path, writeProblem(error, path), error);
}

/** Why no file or folder can be made, as the end of a sentence: ` (EACCES)`. */
export function makeProblem(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' ? ': no space is left on the disk' : ` (${code})`;
}

function writeProblem(error: unknown, path: string): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return existsSync(dirname(path))
        ? `no file can be made in ${dirname(path)}`
        : `the folder ${dirname(path)} does not exist`;
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
