import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../clip/textFeatureCache.ts';
import { RfclipError } from '../engine/errors.ts';
import { findKnownCheckpoint, type KnownCheckpoint } from './knownCheckpoints.ts';

/** Folder of pulled checkpoints; RFCLIP_CACHE_DIR moves it with all other caches. */
export function weightsFolder(): string {
  return join(cacheRoot(), 'weights');
}

/** Where a known checkpoint lies once it was pulled. */
export function pulledPath(known: KnownCheckpoint): string {
  return join(weightsFolder(), known.file);
}

/**
 * The path of a checkpoint that a user names: a file or folder of that name if there is one, else the pulled file of a
 * known name such as `ViT-B/16`, else the name itself, which opening will say does not exist.
 * @throws RfclipError (`RFCLIP-NOT-PULLED`) for a known name that was not pulled.
 */
export function resolveCheckpoint(nameOrPath: string): string {
  if (existsSync(nameOrPath)) return nameOrPath;
  const known = findKnownCheckpoint(nameOrPath);
  if (known === undefined) return nameOrPath;
  const path = pulledPath(known);
  if (existsSync(path)) return path;
  throw new RfclipError(`checkpoint ${known.name} is not in ${weightsFolder()}`, {
    code: 'RFCLIP-NOT-PULLED',
    where: nameOrPath,
    fix: `fetch it with "rfclip weights pull ${known.name}"`,
  });
}
