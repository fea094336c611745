import { statSync, type Stats } from 'node:fs';

/** Whether there is a regular file of that name, links followed; what may not be looked at counts as not there. */
export function isFile(path: string): boolean {
  return status(path)?.isFile() === true;
}

/** Whether there is a folder of that name, links followed; what may not be looked at counts as not there. */
export function isFolder(path: string): boolean {
  return status(path)?.isDirectory() === true;
}

function status(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
