import { existsSync, renameSync } from 'node:fs';
import { CheckpointError } from '../clip/checkpoint/checkpointFile.ts';
import { openRawCheckpoint } from '../clip/checkpoint/openCheckpoint.ts';
import { RfclipError } from '../engine/errors.ts';
import type { AbortSignalLike } from '../system/abortSignal.ts';
import { download } from './download.ts';
import { DownloadError } from './downloadError.ts';
import type { KnownCheckpoint } from './knownCheckpoints.ts';
import { pulledPath } from './resolveCheckpoint.ts';

/** How to pull. */
export interface PullOptions {
  /** Download it even if it is there. */
  force?: boolean;
  /** Told the address before the first byte; not called where nothing is downloaded. */
  onStart?: (url: string) => void;
  onProgress?: (received: number, total: number | undefined) => void;
  /** Told why a transfer failed and how long the wait before the next is. */
  onRetry?: (reason: string, milliseconds: number) => void;
  /** Told that another download's sign of life is waited for. */
  onWait?: (line: string) => void;
  /** Gives it up; the bytes that came stay for the next time. */
  signal?: AbortSignalLike;
}

/** What came of it. */
export interface PulledCheckpoint {
  path: string;
  /** False where it was there already. */
  downloaded: boolean;
  /** Of what was downloaded. */
  sha256?: string;
}

/**
 * Downloads a known checkpoint into the cache folder and checks it: by the published SHA-256, or where there is none by
 * opening it. Goes on where an earlier attempt stopped.
 * @throws DownloadError when it was given up; RfclipError for an unusable RFCLIP_WEIGHTS_BASE_URL; the signal's reason
 *   once it is aborted
 */
export async function pullCheckpoint(known: KnownCheckpoint, options: PullOptions = {}): Promise<PulledCheckpoint> {
  const path = pulledPath(known);
  if (existsSync(path) && options.force !== true) return { path, downloaded: false };
  const url = addressOf(known);
  options.onStart?.(url);
  const sha256 = await fetchKnown(known, url, path, options);
  if (known.sha256 === undefined) checkOpens(path, url);
  return { path, downloaded: true, sha256 };
}

async function fetchKnown(known: KnownCheckpoint, url: string, target: string, options: PullOptions): Promise<string> {
  const { onProgress, onRetry, onWait, signal } = options;
  try {
    return await download({ url, target, sha256: known.sha256, onProgress, onRetry, onWait, signal });
  } catch (error) {
    if (!(error instanceof DownloadError) || error.fix !== undefined) throw error;
    const published = known.sha256 === undefined ? '' : ` (SHA-256 ${known.sha256})`;
    throw new DownloadError(url, error.problem, {
      cause: error,
      fix:
        `run the command again to go on where it stopped, or fetch ${known.url}${published} by other means ` +
        'and give its path, with --checkpoint or the option checkpoint',
    });
  }
}

/** Where nothing else can be checked, at least it must be a weight file. A file that is none is set aside. */
function checkOpens(path: string, url: string): void {
  try {
    openRawCheckpoint(path).close();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    renameSync(path, `${path}.bad`);
    throw new DownloadError(url, `what came is no weight file (${error.message})`, {
      cause: error,
      fix: `it was kept as ${path}.bad`,
    });
  }
}

/** The published address, or a server that stands in for all publishers. */
function addressOf(known: KnownCheckpoint): string {
  const base = process.env.RFCLIP_WEIGHTS_BASE_URL;
  if (base === undefined || base === '') return known.url;
  if (!URL.canParse(base)) {
    throw new RfclipError(`RFCLIP_WEIGHTS_BASE_URL is ${base}, expected an address such as http://127.0.0.1:8000`, {
      code: 'RFCLIP-USAGE',
      where: 'RFCLIP_WEIGHTS_BASE_URL',
    });
  }
  return base.replace(/\/$/, '') + new URL(known.url).pathname;
}
