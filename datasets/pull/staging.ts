import { readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { atomicWriteSync } from '../../system/atomicWriteSync.ts';
import { isFile, isFolder } from '../../system/fileKinds.ts';
import { makeFolders } from '../../system/makeFolders.ts';
import { asOutputError } from '../../system/asOutputError.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { readSplitFile } from '../splitFile.ts';
import { ArchiveError } from './archiveError.ts';
import type { Archive } from './sources.ts';
import { type Destination, destinationOf, idOf } from './takenFiles.ts';

/**
 * What was taken out of an archive before all of it is known to be right: a folder beside the archive, from which the
 * files are moved to their places. Files that an earlier attempt left are used.
 */
export class Staging {
  readonly #folder: string;
  readonly #archive: Archive;
  readonly #root: string;
  readonly #taken = new Map<string, Destination>();
  #bytes = 0;

  /** @param root where the files go in the end */
  constructor(folder: string, archive: Archive, root: string) {
    this.#folder = folder;
    this.#archive = archive;
    this.#root = root;
  }

  /** Says which archive the files are of; those that an earlier attempt left of another are forgotten. */
  belongTo(sha256: string): void {
    const note = join(this.#folder, '.archive');
    if (isFile(note) && readFileSync(note, 'utf8') === sha256) return;
    this.clear();
    this.#write(note, Buffer.from(sha256));
  }

  /** Whether an entry is to be read; those that are there are not. @throws ArchiveError for a name that is refused */
  wants(name: string, size: number | undefined): boolean {
    const destination = destinationOf(name, this.#archive);
    if (destination === undefined || this.#isUnlisted(destination)) return false;
    this.#taken.set(destination.path, destination);
    return size === undefined || sizeOf(join(this.#folder, destination.path)) !== size;
  }

  /** Keeps the content of an entry. @throws ArchiveError for more than can be right; OutputError */
  take(name: string, content: Buffer): void {
    this.#count(content.length);
    this.#write(join(this.#folder, destinationOf(name, this.#archive)!.path), content);
  }

  #write(path: string, content: Buffer): void {
    try {
      makeFolders(dirname(path));
    } catch (error) {
      throw asOutputError(error, path);
    }
    // A power cut may leave a file that is not whole; its size tells, and the archive is still there.
    atomicWriteSync(path, (write) => write(content), { flush: false });
  }

  /** Forgets all. */
  clear(): void {
    this.#taken.clear();
    this.#bytes = 0;
    this.#lists.clear();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * Moves the files to their places. Files that are there with the same bytes stay.
   * @param overwrite replace files that differ
   * @returns paths below the root
   * @throws ArchiveError if files that are expected were not in the archive; OverwriteError where files of somebody
   *   else differ, before the first is moved; OutputError
   */
  place(overwrite: boolean): string[] {
    for (const takes of this.#archive.takes)
      if (![...this.#taken.values()].some((one) => one.takes === takes))
        throw new ArchiveError(this.#archive.file, `it has no files ${takes.from}*${takes.suffix}`);
    const wanted = [...this.#taken.values()].filter((one) => !this.#isUnlisted(one, true)).map(({ path }) => path);
    const moves = wanted.filter((path) => !this.#isThere(path));
    checkOutputs({ files: moves.map((path) => join(this.#root, path)), overwrite });
    for (const path of moves) {
      const target = join(this.#root, path);
      try {
        makeFolders(dirname(target));
        renameSync(join(this.#folder, path), target);
      } catch (error) {
        throw asOutputError(error, target);
      }
    }
    rmSync(this.#folder, { recursive: true, force: true });
    return wanted;
  }

  readonly #lists = new Map<string, ReadonlySet<string>>();

  /** Whether a split file leaves a file out. It may stand behind the files in the archive, which then wait for it. */
  #isUnlisted(destination: Destination, atTheEnd = false): boolean {
    const { listedIn } = destination.takes;
    if (listedIn === undefined) return false;
    let ids = this.#lists.get(listedIn);
    if (ids === undefined) {
      const path = [join(this.#folder, listedIn), join(this.#root, listedIn)].find(isFile);
      if (path === undefined) {
        if (atTheEnd) throw new ArchiveError(this.#archive.file, `it has no ${listedIn}`);
        return false;
      }
      ids = new Set(readSplitFile(path));
      this.#lists.set(listedIn, ids);
    }
    return !ids.has(idOf(destination));
  }

  #isThere(path: string): boolean {
    const [staged, target] = [join(this.#folder, path), join(this.#root, path)];
    return sizeOf(target) === sizeOf(staged) && readFileSync(target).equals(readFileSync(staged));
  }

  /** A small archive that unpacks to a full disk. */
  #count(size: number): void {
    this.#bytes += size;
    const most = 8 * this.#archive.unpacked + (1 << 28);
    if (this.#bytes > most)
      throw new ArchiveError(this.#archive.file, `what is taken of it has more than ${most} bytes`);
  }
}

/** Removes a folder if nothing is in it. */
export function removeEmptyFolder(folder: string): void {
  if (isFolder(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

function sizeOf(path: string): number | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true ? status.size : undefined;
}
