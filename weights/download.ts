import { createHash } from 'node:crypto';
import { createReadStream, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AbortSignalLike } from '../system/abortSignal.ts';
import { throwIfAborted } from '../system/abort.ts';
import { freeBytes } from '../system/diskSpace.ts';
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
  /** A checksum of another kind, where no SHA-256 is published. */
  digest?: { algorithm: 'md5' | 'sha1'; value: string };
  /** Published size in bytes. */
  bytes?: number;
  /** Bytes that may still be written beside the target. Default: what the disk says. */
  freeBytes?: () => number;
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
const NAMES = { md5: 'MD5', sha1: 'SHA-1' };

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
    let { sha256, problem } = await checkFile(partial.path, options);
    if (problem !== undefined && resumed) {
      // The older bytes may be of another version; the whole file is fetched once more.
      partial.remove();
      await transferAll(partial, options, assertHeld);
      ({ sha256, problem } = await checkFile(partial.path, options));
    }
    if (problem !== undefined) {
      partial.remove();
      throw new DownloadError(options.url, `what came ${problem}; it was deleted`);
    }
    assertHeld();
    renameSync(partial.path, options.target);
    partial.removeNotes();
    return sha256;
  });
}

/** What a file is checked against; each only where it is published. */
export type Published = Pick<DownloadOptions, 'sha256' | 'digest' | 'bytes'>;

/**
 * Compares a file with what is published of it.
 * @returns its SHA-256, and in words what differs, such as "has 3 bytes, expected 4"
 */
export async function checkFile(
  path: string,
  { sha256: expected, digest, bytes }: Published,
): Promise<{ sha256: string; problem?: string }> {
  const sha256 = createHash('sha256');
  const other = digest === undefined ? undefined : createHash(digest.algorithm);
  let length = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    sha256.update(chunk as Buffer);
    other?.update(chunk as Buffer);
    length += (chunk as Buffer).length;
  }
  const found = sha256.digest('hex');
  const foundOther = other?.digest('hex');
  if (bytes !== undefined && length !== bytes)
    return { sha256: found, problem: `has ${length} bytes, expected ${bytes}` };
  if (expected !== undefined && found !== expected)
    return { sha256: found, problem: `has the SHA-256 ${found}, expected ${expected}` };
  if (digest !== undefined && foundOther !== digest.value)
    return {
      sha256: found,
      problem: `has the ${NAMES[digest.algorithm]} ${foundOther}, expected ${digest.value}`,
    };
  return { sha256: found };
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
    let announced = false;
    try {
      const kept = await transfer(partial, {
        url,
        checkedLater: options.sha256 !== undefined || options.digest !== undefined,
        stallMilliseconds,
        onProgress: (received, total) => {
          if (!announced && total !== undefined) checkAnnounced(partial, total - received, total, options);
          announced = total !== undefined;
          onProgress?.(received, total);
        },
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

/** @throws DownloadError, before the first byte, for another size than the published one, or one beyond the disk */
function checkAnnounced(
  partial: PartialFile,
  missing: number,
  total: number,
  { url, target, bytes, freeBytes: free = () => freeBytes(dirname(target)) }: DownloadOptions,
): void {
  if (bytes !== undefined && total !== bytes) {
    partial.remove();
    throw new DownloadError(url, `the server has ${total} bytes, expected ${bytes}`);
  }
  const there = free();
  if (there < missing)
    throw new DownloadError(url, `${dirname(target)} has room for ${inMb(there)}, expected ${inMb(missing)}`);
}

function inMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
