import { basename, dirname } from 'node:path';
import { throwIfAborted } from '../system/abort.ts';
import { lockDraftNames, lockFile, type LockOptions } from '../system/fileLock.ts';
import { LockError } from '../system/lockError.ts';
import { describeHolder, isOfThisMachine, type LockHolder } from '../system/lockHolder.ts';
import { removeStaleFiles } from '../system/temporaryFiles.ts';
import { DownloadError } from './downloadError.ts';

/**
 * Runs `body` while this process holds `TARGET.lock`, so that two downloads never write the same partial file; waits
 * for and takes over a lock as `lockFile` does it.
 *
 * @param body gets a function to call before it writes, which throws DownloadError if another download has taken over
 * @throws DownloadError while another process holds the lock, or if the lock file cannot be written; the signal's
 *   reason once it is aborted
 */
export async function withDownloadLock<Result>(
  target: string,
  url: string,
  options: LockOptions,
  body: (assertHeld: () => void) => Promise<Result>,
): Promise<Result> {
  const path = `${target}.lock`;
  removeStaleFiles(dirname(path), [lockDraftNames(basename(path))]);
  const lock = await lockFile(path, options).catch((error: unknown) => {
    throwIfAborted(options.signal);
    throw inWordsOfADownload(error, url);
  });
  try {
    return await body(() => {
      try {
        lock.assertHeld();
      } catch (error) {
        throw inWordsOfADownload(error, url);
      }
    });
  } finally {
    lock.release();
  }
}

function inWordsOfADownload(error: unknown, url: string): unknown {
  if (!(error instanceof LockError)) return error;
  const { path, holder, cause } = error;
  switch (error.problem) {
    case 'held':
      return new DownloadError(url, `another download of it is running (${nameOf(holder)})`, {
        fix: `if there is none, delete ${path}`,
        cause: error,
      });
    case 'lost':
      return new DownloadError(
        url,
        `another download of it has taken over (${nameOf(holder)}), because this one showed no sign of life for a ` +
          `while`,
        { cause: error },
      );
    default:
      return new DownloadError(url, `${path} cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
        cause: error,
      });
  }
}

/** The host goes without saying where it is this one. */
function nameOf(holder: LockHolder | undefined): string {
  return holder !== undefined && isOfThisMachine(holder) ? `process ${holder.process}` : describeHolder(holder);
}
