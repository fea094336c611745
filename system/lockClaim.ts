import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, linkSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { LockError } from './lockError.ts';

/** What a lock file says, and when its holder last touched it. */
export interface Claim {
  content: string;
  /** Milliseconds. */
  touched: number;
}

/** What file systems without hard links answer, such as FAT, some network shares and, as EISDIR, FAT on Windows. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'];

/**
 * Makes a lock file by a link to a finished file: a lock that others could find empty would look like one that nobody
 * holds.
 * @returns false where there is one already
 * @throws LockError (`unwritable`)
 */
export function createClaim(path: string, content: string): boolean {
  // Process numbers are no names here: in containers everybody is number 1.
  const draft = `${path}.${randomUUID()}.new`;
  try {
    writeFileSync(draft, content);
    return linkOrWrite(draft, path, content);
  } catch (cause) {
    // A file server may answer a repeated request that the first, whose answer was lost, has made the link.
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return readClaim(path)?.content === content;
    throw new LockError('unwritable', path, { cause });
  } finally {
    removeDraft(draft);
  }
}

function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // The disk that refused the file may also refuse to say that there is none.
  }
}

/**
 * Where there are no links, the name is claimed first and the text follows. For that moment the lock is empty, which is
 * why others watch an empty one before they take it over.
 */
function linkOrWrite(draft: string, path: string, content: string): true {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (!NO_LINKS.includes(String((error as NodeJS.ErrnoException).code))) throw error;
  }
  const file = openSync(path, 'wx');
  try {
    writeFileSync(file, content);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
  return true;
}

/**
 * Reads a lock file, through an open file, for which a network file system asks its server.
 * @returns undefined where there is none, or none can be read
 */
export function readClaim(path: string): Claim | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return { content: readFileSync(file, 'utf8'), touched: fstatSync(file).mtimeMs };
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Gives a sign of life. */
export function touchClaim(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Gone or unreachable: its holder finds out when it looks.
  }
}

/** Whether nobody touched or replaced the lock between two looks. */
export function isSameClaim(one: Claim, other: Claim): boolean {
  return one.content === other.content && one.touched === other.touched;
}
