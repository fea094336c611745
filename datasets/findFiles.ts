import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { DatasetError } from './datasetError.ts';
import { isFolder } from '../system/fileKinds.ts';
import { byCodeUnits } from './pairs.ts';

/**
 * All files below a folder whose name is accepted, links followed, hidden ones left out.
 *
 * @param accept gets the name without its folders
 * @returns paths relative to the folder, with `/` on every system, sorted by code units
 * @throws DatasetError if a folder cannot be listed
 */
export function findFiles(folder: string, accept: (name: string) => boolean): string[] {
  const found: string[] = [];
  const visit = (current: string, prefix: string, above: readonly string[]): void => {
    const real = realpathSync(current);
    // A link to a folder above would never end.
    if (above.includes(real)) return;
    for (const name of readdirSync(current)) {
      if (name.startsWith('.')) continue;
      const path = join(current, name);
      if (isFolder(path)) visit(path, `${prefix}${name}/`, [...above, real]);
      else if (accept(name)) found.push(prefix + name);
    }
  };
  try {
    visit(folder, '', []);
  } catch (cause) {
    throw new DatasetError(
      `the files below ${folder} cannot be listed (${(cause as NodeJS.ErrnoException).code})`,
      folder,
      { cause },
    );
  }
  return found.sort(byCodeUnits);
}
