import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Bytes that this process may still write below a folder, which need not exist yet; infinitely many where the file
 * system does not tell.
 */
export function freeBytes(folder: string): number {
  let place = resolve(folder);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    const { bavail, bsize, blocks } = statfsSync(place);
    // Some network file systems have no blocks at all.
    return blocks === 0 ? Infinity : bavail * bsize;
  } catch {
    return Infinity;
  }
}
