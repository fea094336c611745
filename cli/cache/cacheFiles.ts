import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RfclipError } from '../../engine/errors.ts';
import { lockFile, type FileLock } from '../../system/fileLock.ts';
import { LockError } from '../../system/lockError.ts';
import { describeHolder } from '../../system/lockHolder.ts';
import { CACHE_KINDS, type CacheKind } from './cacheKinds.ts';

/** Of a lock and what it is made through, which tell of a process and are not kept. */
const LOCK_NAME = /\.lock(\.[^/]+\.(new|old))?$/;

/** A file of the cache. */
interface CacheFile {
  /** Relative to the folder of all caches, with slashes. */
  path: string;
  bytes: number;
}

/** What is kept of one kind. */
export interface CacheContent {
  kind: CacheKind;
  files: CacheFile[];
  bytes: number;
}

/**
 * The files of every kind below the folder of all caches, which need not exist, and how many others are there, which
 * rfclip did not make. Links are among the others, and are not followed.
 * @throws RfclipError when the folder cannot be read
 */
export function readCache(root: string): { contents: CacheContent[]; others: number } {
  const files = filesBelow(root);
  const contents = CACHE_KINDS.map((kind) => {
    const own = files.filter(({ path, isPlain }) => isPlain && kind.owns(path));
    return { kind, files: own, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) };
  });
  return { contents, others: files.length - contents.reduce((sum, { files }) => sum + files.length, 0) };
}

/**
 * Removes what rfclip made of these kinds, and folders that are empty then.
 * @param note told what is waited for: a holder of a lock on another machine
 * @returns what was removed
 * @throws RfclipError when another process holds a lock, before anything is removed, or when a file cannot be removed
 */
export async function clearCache(
  root: string,
  kinds: readonly CacheKind[],
  note: (line: string) => void,
): Promise<CacheContent[]> {
  const found = () => readCache(root).contents.filter(({ kind }) => kinds.includes(kind));
  const locks: FileLock[] = [];
  try {
    for (const { kind, files } of found()) {
      const paths = kind.locks(
        root,
        files.map(({ path }) => path),
      );
      for (const path of paths) locks.push(await hold(path, kind, note));
    }
    const contents = found();
    for (const { files } of contents) for (const { path } of files) remove(root, path);
    return contents;
  } finally {
    for (const lock of locks) lock.release();
    for (const { folder } of kinds) if (folder !== '.') removeIfEmpty(join(root, folder));
  }
}

async function hold(path: string, kind: CacheKind, note: (line: string) => void): Promise<FileLock> {
  try {
    return await lockFile(path, { note });
  } catch (error) {
    if (!(error instanceof LockError) || error.problem !== 'held') throw error;
    throw new RfclipError(`${kind.name} are in use by ${describeHolder(error.holder)}; nothing was removed`, {
      code: 'RFCLIP-CACHE',
      where: path,
      fix: `wait for it; if there is none, delete ${path}`,
      cause: error,
    });
  }
}

function remove(root: string, path: string): void {
  try {
    rmSync(join(root, path), { force: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RfclipError(`${join(root, path)} cannot be removed (${code})`, { code: 'RFCLIP-CACHE', cause });
  }
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder))
    if (!removeIfEmpty(join(root, folder))) return;
}

/** Fails where another process has put a file there meanwhile, which is right. */
function removeIfEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function filesBelow(root: string, folder = ''): (CacheFile & { isPlain: boolean })[] {
  let names: string[];
  try {
    names = readdirSync(join(root, folder)).sort();
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new RfclipError(`${join(root, folder)} cannot be read (${code})`, { code: 'RFCLIP-CACHE', cause });
  }
  return names.flatMap((name) => {
    if (LOCK_NAME.test(name)) return [];
    const path = folder === '' ? name : `${folder}/${name}`;
    const status = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (status === undefined) return [];
    return status.isDirectory() ? filesBelow(root, path) : [{ path, bytes: status.size, isPlain: status.isFile() }];
  });
}
