import { existsSync } from 'node:fs';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';
import { pullCheckpoint } from '../weights/pullCheckpoint.ts';
import { pulledPath, resolveCheckpoint } from '../weights/resolveCheckpoint.ts';
import { throwIfAborted } from './abort.ts';
import type { ModelOptions } from './modelOptions.ts';
import { progressOf } from './progress.ts';

/**
 * The path of a checkpoint that a caller names: a file or folder, or a known name, which is downloaded if it was not
 * yet.
 * @param file what it is, for progress events
 * @throws DownloadError; RfclipError (`RFCLIP-NOT-PULLED`) where `localFilesOnly` forbids the download
 */
export async function locateCheckpoint(nameOrPath: string, file: string, options: ModelOptions): Promise<string> {
  const known = existsSync(nameOrPath) ? undefined : findKnownCheckpoint(nameOrPath);
  if (known === undefined || options.localFilesOnly === true || existsSync(pulledPath(known))) {
    return resolveCheckpoint(nameOrPath);
  }
  const { onProgress, signal } = options;
  const { name } = known;
  const { path } = await pullCheckpoint(known, {
    onStart: () => onProgress?.({ status: 'download', name, file }),
    onProgress: (received, total) => {
      throwIfAborted(signal);
      onProgress?.(progressOf(name, file, received, total));
    },
  });
  return path;
}
