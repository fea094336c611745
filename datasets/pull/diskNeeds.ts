import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PullContext } from './pullContext.ts';
import { PullError } from './pullError.ts';
import { type Archive, knownSize } from './sources.ts';

const GB = 1e9;

/**
 * Whether the disk holds all archives that are still to come, and what is taken out of them.
 * @throws PullError before the first byte is fetched
 */
export function requireSpaceForAll(archives: readonly Archive[], context: PullContext): void {
  const pending = archives.filter(({ file }) => !context.record.isDone(file, context.root));
  const unpacked = pending.reduce((sum, archive) => sum + archive.unpacked, 0);
  const toCome = pending.map((archive) => missingBytes(archive, context));
  // Archives go when they are unpacked, so that only the largest counts, unless all are kept.
  const fetched = context.keepArchives ? toCome.reduce((sum, bytes) => sum + bytes, 0) : Math.max(0, ...toCome);
  requireSpace(context, fetched + unpacked, pending.map(({ file }) => file).join(', '));
}

/** @throws PullError where fewer bytes are free */
export function requireSpace({ data, freeBytes }: PullContext, bytes: number, what: string): void {
  const free = freeBytes();
  if (free < bytes)
    throw new PullError(
      `${data} has ${inGb(free)} free, expected ${inGb(bytes)} for ${what} and what is unpacked of it`,
      data,
      { fix: 'make room, or name a folder on another disk with --data' },
    );
}

function missingBytes(archive: Archive, { fromArchives, archives }: PullContext): number {
  const there = [fromArchives, archives].some(
    (folder) => folder !== undefined && existsSync(join(folder, archive.file)),
  );
  if (there) return 0;
  const part = statSync(join(archives, `${archive.file}.part`), { throwIfNoEntry: false })?.size ?? 0;
  return Math.max(0, (knownSize(archive) ?? 0) - part);
}

function inGb(bytes: number): string {
  return `${(bytes / GB).toFixed(bytes < GB / 10 ? 3 : 1)} GB`;
}
