import { existsSync } from 'node:fs';
import { RfclipError } from '../engine/errors.ts';
import { throwIfAborted } from '../system/abort.ts';
import { withLinkedSignal } from '../system/linkedSignal.ts';
import { findKnownCheckpoint } from '../weights/knownCheckpoints.ts';
import { pullCheckpoint } from '../weights/pullCheckpoint.ts';
import { pulledPath, resolveCheckpoint } from '../weights/resolveCheckpoint.ts';
import { describe } from './describe.ts';
import { pathOfFileUrl } from './fileUrl.ts';
import type { ModelOptions } from './modelOptions.ts';
import type { Stage } from './progress.ts';

/**
 * What the wanted networks are called in progress events; undefined for the embedded CLIP, and for no DINO.
 * @throws RfclipError (`RFCLIP-OPTIONS`) for what is no text
 */
export function checkSources({ checkpoint, dino }: ModelOptions): { checkpoint?: string; dino?: string } {
  return { checkpoint: checkText('checkpoint', checkpoint), dino: checkText('dino', dino) };
}

function checkText(option: string, source: ModelOptions['checkpoint']): string | undefined {
  if (source === undefined || typeof source === 'string') return source;
  const path = pathOfFileUrl(source);
  if (path !== undefined) return path;
  throw new RfclipError(`the option ${option} of Model.open is ${describe(source)}, expected a path or a name`, {
    code: 'RFCLIP-OPTIONS',
    where: option,
  });
}

/** Ends the use of a checkpoint that was located: here, it is a file of the user's, and stays. */
export function releaseCheckpoint(_path: string): void {}

/**
 * The path of a checkpoint that a caller names: a file or folder, or a known name, which is downloaded if it was not
 * yet.
 * @throws DownloadError; RfclipError (`RFCLIP-NOT-PULLED`) where `localFilesOnly` forbids the download; the signal's
 *   reason once it is aborted
 */
export async function locateCheckpoint(
  source: NonNullable<ModelOptions['checkpoint']>,
  stage: Stage,
  { localFilesOnly, signal }: Pick<ModelOptions, 'localFilesOnly' | 'signal'>,
): Promise<string> {
  const nameOrPath = pathOfFileUrl(source) ?? String(source);
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
