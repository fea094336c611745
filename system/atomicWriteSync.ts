import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asOutputError } from './asOutputError.ts';
import { OutputError } from './outputError.ts';
import { temporaryName } from './temporaryFiles.ts';

/** Writes the next bytes of a file, all of them. */
export type WriteBytes = (bytes: Uint8Array) => void;

/**
 * As `atomicWrite`, for content that comes piece by piece, such as tensors that do not fit memory together. Blocks.
 *
 * @param fill writes the pieces in order; if it throws, an old file of the name is untouched
 * @param options.flush whether the bytes must be on the disk before the name stands for them; without it, a power cut
 *   may leave a file of the name that is not whole, which whoever reads it must notice. Default true.
 * @returns number of bytes
 * @throws OutputError as `atomicWrite`; RfclipError that `fill` throws
 */
export function atomicWriteSync(
  path: string,
  fill: (write: WriteBytes) => void,
  options: { flush?: boolean } = {},
): number {
  const { flush = true } = options;
  try {
    const existing = statSync(path, { throwIfNoEntry: false });
    if (existing?.isDirectory() === true) throw new OutputError(path, 'there is a folder of that name');
    if (existing?.isFile() === false) return writePieces(path, 'w', fill, false);
    return replaceFile(existing === undefined ? path : realpathSync(path), fill, flush);
  } catch (error) {
    throw asOutputError(error, path);
  }
}

function replaceFile(target: string, fill: (write: WriteBytes) => void, flush: boolean): number {
  const temporary = join(dirname(target), temporaryName());
  try {
    const bytes = writePieces(temporary, 'wx', fill, flush);
    renameSync(temporary, target);
    return bytes;
  } catch (error) {
    removeIfThere(temporary);
    throw error;
  }
}

function writePieces(path: string, mode: 'w' | 'wx', fill: (write: WriteBytes) => void, flush: boolean): number {
  const file = openSync(path, mode);
  let written = 0;
  try {
    fill((bytes) => {
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      written += bytes.length;
    });
    if (flush) fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return written;
}

function removeIfThere(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The disk that refused the file may also refuse to say that there is none.
  }
}
