import { readFileSync } from 'node:fs';
import { DatasetError } from './datasetError.ts';
import { byCodeUnits } from './pairs.ts';

/**
 * Reads a split file: one image id per line, spaces at its ends and blank lines ignored.
 *
 * @returns the ids, sorted
 * @throws DatasetError if the file is missing, unreadable or empty, names an image twice (it would count twice), or has
 *   an id that leads out of the data set
 */
export function readSplitFile(path: string): string[] {
  const lineOf = new Map<string, number>();
  readLines(path).forEach((line, index) => {
    const id = line.trim();
    if (id === '') return;
    const earlier = lineOf.get(id);
    if (earlier !== undefined)
      throw new DatasetError(
        `${path} names ${id} twice, in lines ${earlier} and ${index + 1}; expected every image once`,
        path,
      );
    if (!isSafeId(id))
      throw new DatasetError(
        `${path}, line ${index + 1}: ${JSON.stringify(id)} is no image id; expected a name without "..", as in ` +
          `2007_000033`,
        path,
      );
    lineOf.set(id, index + 1);
  });
  if (lineOf.size === 0) throw new DatasetError(`${path} names no image, expected one image id per line`, path);
  return [...lineOf.keys()].sort(byCodeUnits);
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .replace(/^\uFEFF/, '')
      .split(/\r\n|\r|\n/);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' || code === 'ENOTDIR'
        ? 'does not exist'
        : code === 'EISDIR'
          ? 'is a folder'
          : `cannot be read (${code})`;
    throw new DatasetError(`the split file ${path} ${problem}`, path, { cause });
  }
}

/** Ids become names of result files, so they must stay below the folder they are joined to. */
function isSafeId(id: string): boolean {
  return !/[\0\\]/.test(id) && !id.startsWith('/') && id.split('/').every((part) => part !== '..' && part !== '');
}
