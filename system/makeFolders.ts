import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Absolute paths of the folders that this process made, those above first. */
const made: string[] = [];

/**
 * Makes a folder with those above it, one by one: Node's recursive mkdir never returns where a folder above cannot hold
 * one (below /proc, which answers ENOENT). Does nothing where the folder is there.
 * @throws the file system's error, whose `path` is the folder that could not be made or is none (ENOTDIR)
 */
export function makeFolders(path: string): void {
  const missing: string[] = [];
  let folder = resolve(path);
  while (!exists(folder) && dirname(folder) !== folder) {
    missing.unshift(folder);
    folder = dirname(folder);
  }
  if (!statSync(folder).isDirectory()) throw noFolder(folder);
  for (const next of missing) {
    try {
      mkdirSync(next);
      made.push(next);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      // Another process was faster; or it is a link that leads nowhere.
      if (!exists(next)) throw noFolder(next);
    }
  }
}

function noFolder(path: string): Error {
  return Object.assign(new Error(`${path} is not a folder`), { code: 'ENOTDIR', path });
}

/**
 * Removes the folders that this process made and nothing is in, for a command that came to nothing: who is refused
 * should find everything as it was.
 */
export function removeUnusedFolders(): void {
  for (const folder of made.splice(0).reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      // Something is in it, or it is gone already.
    }
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
