import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning, type LockHolder, parseHolder, thisHolder } from './lockHolder.ts';

/** Names that `temporaryName` gives; nobody else gives such. */
export const TEMPORARY_NAME = /^\.rfclip-(\d+)-([0-9a-f]{6})[0-9a-f]{6}\.tmp$/;

/** Temporary files live for moments; an hour leaves room for clocks of a file server that differ. */
const STALE_MILLISECONDS = 3_600_000;

let ownMachine: string | undefined;

/** Six digits that processes share which see each other's numbers. */
function machineDigits(): string {
  return (ownMachine ??= createHash('sha256').update(thisHolder().machine).digest('hex').slice(0, 6));
}

/** A name for a file that is written before it is renamed. It tells whose the file is: process, machine, chance. */
export function temporaryName(): string {
  return `.rfclip-${process.pid}-${machineDigits()}${randomBytes(3).toString('hex')}.tmp`;
}

/**
 * Removes files that a killed process left: at once where it was a process of this machine that has ended, else after
 * a while. What cannot be removed stays: it does no harm.
 *
 * @param folder may be absent
 * @param names of files that nobody needs once they are old; other files, folders and links stay
 * @param age in milliseconds, after which such a file is in use nowhere, here or on another machine; default: an hour
 */
export function removeStaleFiles(folder: string, names: readonly RegExp[], age = STALE_MILLISECONDS): void {
  try {
    for (const name of readdirSync(folder).filter((one) => names.some((pattern) => pattern.test(one)))) {
      const path = join(folder, name);
      const status = lstatSync(path);
      if (status.isFile() && (Date.now() - status.mtimeMs > age || isAbandoned(path, name)))
        rmSync(path, { force: true });
    }
  } catch {
    // The folder is not there yet, or another process was faster.
  }
}

/** Whether the file is that of a process of this machine that has ended. Those of threads of this one are in use. */
function isAbandoned(path: string, name: string): boolean {
  const holder = writerOf(path, name);
  return holder !== undefined && holder.process !== process.pid && isRunning(holder) === false;
}

/** Who made a file: its name says so, or like a lock it holds nothing else. */
function writerOf(path: string, name: string): LockHolder | undefined {
  const [, id, machine] = TEMPORARY_NAME.exec(name) ?? [];
  if (id === undefined) return parseHolder(readFileSync(path, 'utf8'));
  return machine === machineDigits() ? { ...thisHolder(), process: Number(id) } : undefined;
}
