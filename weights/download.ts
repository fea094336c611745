import { createHash } from 'node:crypto';
import { createReadStream, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AbortSignalLike } from '../system/abortSignal.ts';
import { throwIfAborted } from '../system/abort.ts';
import { makeFolders } from '../system/makeFolders.ts';
import { DownloadError, PassingFailure, reasonOf } from './downloadError.ts';
import { withDownloadLock } from './downloadLock.ts';
import { PartialFile } from './partialFile.ts';
import { transfer } from './transfer.ts';

/** What to download and how patiently. */
export interface DownloadOptions {
  url: string;
  /** Where the file appears, whole and checked, or not at all. */
  target: string;
  /** Published SHA-256 in hexadecimal; without one, only the length can be checked. */
  sha256?: string;
  /** Failures in a row, without a new byte, after which it is given up. Default 5. */
  attempts?: number;
  /** Wait after the first failure; doubles with each, to at most 30 s. Default 1000. */
  backoffMilliseconds?: number;
  /** Default 30,000. */
  stallMilliseconds?: number;
  onProgress?: (received: number, total: number | undefined) => void;
  /** Gives it up; the bytes that came stay for the next time. */
  signal?: AbortSignalLike;
  /** Told why a transfer failed and how long the wait before the next is. */
  onRetry?: (reason: string, milliseconds: number) => void;
  /** Told that another download, of which nobody knows whether it still runs, is being watched. */
  onWait?: (line: string) => void;
}

const MAX_BACKOFF = 30_000;

/**
 * Downloads a file: goes on where an earlier attempt stopped, retries with growing waits, checks the SHA-256, and
 * renames it to its name only then.
 * @returns the SHA-256 of what was downloaded.
 * @throws DownloadError when it was given up; the bytes that came stay for the next time; the signal's reason once it
 *   is aborted
 */
export async function download(options: DownloadOptions): Promise<string> {
  try {
    makeFolders(dirname(options.target));
  } catch (error) {
    throw new DownloadError(options.url, `the folder ${dirname(options.target)} cannot be made (${reasonOf(error)})`, {
      cause: error,
    });
  }
  const { onWait: note, signal } = options;
  return withDownloadLock(options.target, options.url, { note, signal }, async (assertHeld) => {
    const partial = new PartialFile(options.target);
    const resumed = await transferAll(partial, options, assertHeld);
    let sha256 = await hash(partial.path);
    if (options.sha256 !== undefined && sha256 !== options.sha256 && resumed) {
      // The older bytes may be of another version; the whole file is fetched once more.
      partial.remove();
      await transferAll(partial, options, assertHeld);
      sha256 = await hash(partial.path);
    }
    if (options.sha256 !== undefined && sha256 !== options.sha256) {
      partial.remove();
      throw new DownloadError(
        options.url,
        `what came has the SHA-256 ${sha256}, expected ${options.sha256}; it was deleted`,
      );
    }
    assertHeld();
    renameSync(partial.path, options.target);
    partial.removeNotes();
    return sha256;
  });
}

/** Transfers until nothing is missing. @returns whether bytes from before this call are part of the file. */
async function transferAll(partial: PartialFile, options: DownloadOptions, assertHeld: () => void): Promise<boolean> {
  const { url, attempts = 5, backoffMilliseconds = 1000, stallMilliseconds = 30_000, onProgress, signal } = options;
  const before = partial.size;
  let furthest = before;
  let failures = 0;
  for (;;) {
    assertHeld();
    throwIfAborted(signal);
    try {
      const kept = await transfer(partial, {
        url,
        checkedLater: options.sha256 !== undefined,
        stallMilliseconds,
        onProgress,
        signal,
      });
      return kept && before > 0;
    } catch (error) {
      throwIfAborted(signal);
      if (!(error instanceof PassingFailure)) throw error;
      // Only bytes beyond all earlier ones are progress: a server without ranges sends the same ones again and again.
      failures = partial.size > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, partial.size);
      if (failures >= attempts)
        throw new DownloadError(url, `${error.message} (given up after ${failures} attempts)`, { cause: error });
      const backoff = Math.min(MAX_BACKOFF, backoffMilliseconds * 2 ** (failures - 1));
      // Random, so that many clients cut off at once do not come back at once.
      const milliseconds = error.retryAfter ?? Math.round(backoff * (0.5 + Math.random() / 2));
      options.onRetry?.(error.message, milliseconds);
      await wait(milliseconds, undefined, { signal: signal as AbortSignal | undefined }).catch((cause: unknown) => {
        throwIfAborted(signal);
        throw cause;
      });
    }
  }
}

async function hash(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
