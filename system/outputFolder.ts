import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RfclipError } from '../engine/errors.ts';

/**
 * Makes the folder that results go to, with those above it, and checks that it can be written.
 * Folders are made one by one: Node's recursive mkdir never returns where a folder above cannot hold one (/proc).
 * @throws RfclipError naming the folder and the reason.
 */
export function makeOutputFolder(out: string): void {
  const fail = (problem: string, cause?: unknown): never => {
    throw new RfclipError(`the output folder ${out} cannot be used: ${problem}`, {
      code: 'RFCLIP-OUTPUT',
      where: '--out',
      cause,
    });
  };
  const missing: string[] = [];
  let folder = resolve(out);
  while (!exists(folder) && dirname(folder) !== folder) {
    missing.unshift(folder);
    folder = dirname(folder);
  }
  if (!statSync(folder).isDirectory()) fail(`${folder} is not a folder`);
  for (const next of missing) {
    try {
      mkdirSync(next);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        fail(`${next} cannot be made (${(cause as NodeJS.ErrnoException).code})`, cause);
    }
  }
  try {
    accessSync(out, constants.W_OK);
  } catch (cause) {
    fail('it may not be written to', cause);
  }
}

/**
 * Also false below a file (ENOTDIR) or a folder that may not be entered: the loop then reaches that one and says so.
 */
function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
