import { unzipSync } from 'fflate';
import { forgetBlob, nameBytes } from '../../clip/checkpoint/randomAccessFile.browser.ts';
import { ConformanceError } from './manifest.ts';
import type { RecordedFolder } from './recordedFolder.ts';

/** What an archive may hold once it is unpacked; that of all shipped recordings holds 9 MB. */
const MAXIMUM_BYTES = 256 * 2 ** 20;

/**
 * Opens a reference folder that was packed into a zip archive, and holds all of it in memory.
 * @throws ConformanceError for what is no such archive
 */
export function openFolder(archive: string | Uint8Array): RecordedFolder {
  if (typeof archive === 'string')
    throw new ConformanceError(`a browser has no folder ${archive}, expected recordings as a zip archive`);
  return new FolderInMemory(unpack(archive));
}

function unpack(archive: Uint8Array): Map<string, Uint8Array> {
  let bytes = 0;
  const filter = ({ originalSize }: { originalSize: number }) => {
    bytes += originalSize;
    if (bytes > MAXIMUM_BYTES) throw new Error(`it holds more than ${MAXIMUM_BYTES} bytes`);
    return true;
  };
  try {
    return new Map(Object.entries(unzipSync(archive, { filter })));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConformanceError(`the recordings are no usable zip archive: ${reason}`);
  }
}

/** Files by their path in the folder, `clip/manifest.json`. */
class FolderInMemory implements RecordedFolder {
  readonly name = 'of recordings';
  readonly #files: ReadonlyMap<string, Uint8Array>;
  /** Which of them can be opened as checkpoints, and by what name. */
  readonly #named = new Map<string, string>();

  constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.#files = files;
    const first = `recordings ${++opened}`;
    for (const [path, bytes] of files) this.#named.set(path, nameBytes(bytes, `${first}/${path}`));
  }

  subfolders(): string[] {
    return [...new Set([...this.#files.keys()].flatMap((path) => /^([^/]+)\//.exec(path)?.[1] ?? []))];
  }

  hasManifest(subfolder: string): boolean {
    return this.#files.has(`${subfolder}/manifest.json`);
  }

  path(folder: string, file: string): string {
    const parts: string[] = [];
    for (const part of `${folder}/${file}`.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.') parts.push(part);
    }
    const path = this.#named.get(parts.join('/'));
    if (path === undefined) throw new ConformanceError(`the file ${folder}/${file} does not exist`);
    return path;
  }

  size(path: string): number {
    return this.read(path).length;
  }

  read(path: string): Uint8Array {
    return this.#files.get(path.replace(/^[^/]*\//, ''))!;
  }

  close(): void {
    for (const name of this.#named.values()) forgetBlob(name);
  }
}

/** Archives so far: two may be open at a time. */
let opened = 0;
