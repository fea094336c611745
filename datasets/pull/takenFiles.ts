import { ArchiveError } from './archiveError.ts';
import type { Archive, TakenFiles } from './sources.ts';

/** Where an entry of an archive goes. */
export interface Destination {
  /** Below the benchmark's folder, with `/` on every system. */
  path: string;
  takes: TakenFiles;
}

/** Names that mean the same on every system: no way up, no drive, no control characters. */
const PLAIN = /^[\w][\w .+-]*$/;

/**
 * Where an entry goes; undefined for those that are left.
 * @throws ArchiveError for an entry whose name would lead out of the folder, or into another file on some system
 */
export function destinationOf(name: string, archive: Archive): Destination | undefined {
  const plain = name.replace(/^(\.\/)+/, '');
  const takes = archive.takes.find(
    ({ from, suffix }) =>
      plain.startsWith(from) && plain.endsWith(suffix) && plain.length >= from.length + suffix.length,
  );
  if (takes === undefined) return undefined;
  const rest = plain.slice(takes.from.length);
  const parts = rest.split('/');
  // Files of other systems beside the pictures, such as ._0001.jpg.
  if (parts.at(-1)!.startsWith('._')) return undefined;
  if (rest !== '' && !parts.every((part) => PLAIN.test(part) && !part.endsWith('.')))
    throw new ArchiveError(archive.file, `its entry ${JSON.stringify(name)} would lead out of the folder`);
  return { path: takes.to + rest, takes };
}

/** The id that a split file has for a file. */
export function idOf({ path, takes }: Destination): string {
  return path.slice(takes.to.length, path.length - takes.suffix.length);
}
