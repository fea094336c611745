import { readdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Names of `atomicWrite`'s temporary files. */
const TEMPORARY = /^\.rfclip-\d+-[0-9a-f]+\.tmp$/;

/** Nobody writes one label map for so long, so such a file is not in use, here or on another machine. */
const STALE_MILLISECONDS = 60_000;

/** Removes temporary files that a killed run left in the folders of these targets. What cannot be removed stays. */
export function removeStaleFiles(targets: readonly string[]): void {
  for (const folder of new Set(targets.map((target) => dirname(target)))) {
    try {
      for (const name of readdirSync(folder).filter((one) => TEMPORARY.test(one))) {
        if (Date.now() - statSync(join(folder, name)).mtimeMs > STALE_MILLISECONDS) rmSync(join(folder, name), { force: true });
      }
    } catch {
      // The folder is not there yet, or another run was faster.
    }
  }
}
