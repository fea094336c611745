import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the temporary files of writes and of `lockRun`, each with a random part that nobody else gives. */
const TEMPORARY = [/^\.rfclip-\d+-[0-9a-f]{12}\.tmp$/, /^run\.lock\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(new|old)$/];

/** They live for moments; an hour leaves room for clocks of a file server that differ. */
const STALE_MILLISECONDS = 3_600_000;

/**
 * Removes temporary files that a killed run left in its folder more than an hour ago. What cannot be removed stays.
 * @param folder of a run, which belongs to this process
 */
export function removeLeftovers(folder: string): void {
  try {
    for (const name of readdirSync(folder).filter((one) => TEMPORARY.some((pattern) => pattern.test(one)))) {
      const path = join(folder, name);
      const status = lstatSync(path);
      if (status.isFile() && Date.now() - status.mtimeMs > STALE_MILLISECONDS) rmSync(path, { force: true });
    }
  } catch {
    // They do no harm, and what does shows in the files that count.
  }
}
