import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RfclipError } from './errors.ts';

/** Writes the WGSL of a pipeline into `folder`, named by its key. */
export function saveWgsl(folder: string, key: string, wgsl: string): void {
  try {
    makeFolders(folder);
    writeFileSync(join(folder, `${key.replace(/[^\w.=-]+/g, '_').slice(0, 150)}.wgsl`), wgsl);
  } catch (cause) {
    throw new RfclipError(
      `RFCLIP_DEBUG: the folder ${folder} of wgsl= cannot be written (${(cause as NodeJS.ErrnoException).code})`,
      { code: 'RFCLIP-DEBUG', where: 'RFCLIP_DEBUG', cause },
    );
  }
}

/** One by one: Node's recursive mkdir never returns below a file system that answers ENOENT (/proc). */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder));
  mkdirSync(folder);
}
