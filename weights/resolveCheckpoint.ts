import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { CheckpointError } from '../clip/checkpoint/checkpointFile.ts';
import { cacheRoot } from '../clip/textFeatureCache.ts';
import { RfclipError } from '../engine/errors.ts';
import { findShippedCheckpoint } from './shippedCheckpoints.ts';
import { findKnownCheckpoint, KNOWN_CHECKPOINTS, type KnownCheckpoint } from './knownCheckpoints.ts';

/** Folder of pulled checkpoints; RFCLIP_CACHE_DIR moves it with all other caches. */
export function weightsFolder(): string {
  return join(cacheRoot(), 'weights');
}

/** Where a known checkpoint lies once it was pulled. */
export function pulledPath(known: KnownCheckpoint): string {
  return join(weightsFolder(), known.file);
}

/**
 * The path of a checkpoint that a user names: a file or folder of that name if there is one, else that of a checkpoint
 * that ships, else the pulled file of a known name such as `ViT-B/16`, else the name itself, which opening will say
 * does not exist.
 * @throws RfclipError (`RFCLIP-NOT-PULLED`) for a known name that was not pulled; CheckpointError for what is neither
 *   there nor known, and has no end as files have
 */
export function resolveCheckpoint(nameOrPath: string): string {
  if (existsSync(nameOrPath)) return nameOrPath;
  const shipped = findShippedCheckpoint(nameOrPath);
  if (shipped !== undefined) return shipped.path;
  const known = findKnownCheckpoint(nameOrPath);
  if (known === undefined) {
    if (extname(nameOrPath) !== '') return nameOrPath;
    throw new CheckpointError(
      `checkpoint ${nameOrPath === '' ? '""' : nameOrPath} does not exist, expected a file, a folder, or one of ` +
        `${KNOWN_CHECKPOINTS.map(({ name }) => name).join(', ')}`,
      nameOrPath,
    );
  }
  const path = pulledPath(known);
  if (existsSync(path)) return path;
  throw new RfclipError(`checkpoint ${known.name} is not in ${weightsFolder()}`, {
    code: 'RFCLIP-NOT-PULLED',
    where: nameOrPath,
    fix: `fetch it with "rfclip weights pull ${known.name}"`,
  });
}
