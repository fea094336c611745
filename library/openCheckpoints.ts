import { existsSync } from 'node:fs';
import { throwIfAborted } from '../system/abort.ts';
import { withLinkedSignal } from '../system/linkedSignal.ts';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';
import { pullCheckpoint } from '../weights/pullCheckpoint.ts';
import { pulledPath, resolveCheckpoint } from '../weights/resolveCheckpoint.ts';
import type { ModelOptions } from './modelOptions.ts';
import type { Stage } from './progress.ts';

/**
 * The path of a checkpoint that a caller names: a file or folder, or a known name, which is downloaded if it was not
 * yet.
 * @throws DownloadError; RfclipError (`RFCLIP-NOT-PULLED`) where `localFilesOnly` forbids the download; the signal's
 *   reason once it is aborted
 */
export async function locateCheckpoint(
  nameOrPath: string,
  stage: Stage,
  { localFilesOnly, signal }: Pick<ModelOptions, 'localFilesOnly' | 'signal'>,
): Promise<string> {
  const known = existsSync(nameOrPath) ? undefined : findKnownCheckpoint(nameOrPath);
  if (known === undefined || localFilesOnly === true || existsSync(pulledPath(known))) {
    return resolveCheckpoint(nameOrPath);
  }
  return withLinkedSignal(signal, async (controller) => {
    const { path } = await pullCheckpoint(known, {
      onStart: () => stage.download(),
      onProgress: (received, total) => {
        try {
          stage.advance(received, total);
        } catch (error) {
          // Thrown here, it would count as a failure of the network that may pass.
          controller.abort(error);
        }
      },
      signal: controller.signal,
    });
    throwIfAborted(controller.signal);
    return path;
  });
}
