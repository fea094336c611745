// Recordings lie on the disk; there is a second version for where there is none.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { ConformanceError } from './manifest.ts';
import type { RecordedFolder } from './recordedFolder.ts';

/** Opens a reference folder. @throws ConformanceError when there is no such folder */
export function openFolder(directory: string | Uint8Array): RecordedFolder {
  if (typeof directory !== 'string')
    throw new ConformanceError('recordings in memory are for browsers, expected a folder');
  if (!isFolder(directory))
    throw new ConformanceError(`the reference folder ${directory} does not exist or is no folder`, directory);
  return new FolderOnDisk(directory);
}

/**
 * What manifests say is not trusted: a path may lead into a sibling folder but not out of the reference, whether by
 * `..`, an absolute path or a symbolic link.
 */
class FolderOnDisk implements RecordedFolder {
  readonly name: string;
  readonly #root: string;

  constructor(directory: string) {
    this.name = directory;
    this.#root = realpathSync(directory);
  }

  subfolders(): string[] {
    return readdirSync(this.#root).filter((name) => isFolder(join(this.#root, name)));
  }

  hasManifest(subfolder: string): boolean {
    return statSync(join(this.#root, subfolder, 'manifest.json'), { throwIfNoEntry: false }) !== undefined;
  }

  path(folder: string, file: string): string {
    const lexical = resolve(this.#root, folder, file);
    const name = `${folder}/${file}`;
    if (!this.#contains(lexical)) throw new ConformanceError(`the file ${name} lies outside of the reference folder`);
    let path: string;
    try {
      path = realpathSync(lexical);
    } catch {
      throw new ConformanceError(`the file ${name} does not exist`);
    }
    if (!this.#contains(path)) throw new ConformanceError(`the file ${name} lies outside of the reference folder`);
    // Opening a pipe would wait for ever, so this comes before any open.
    if (!statSync(path).isFile()) throw new ConformanceError(`${name} is not a regular file`);
    return path;
  }

  size(path: string): number {
    return statSync(path).size;
  }

  read(path: string): Uint8Array {
    return readFileSync(path);
  }

  close(): void {}

  #contains(path: string): boolean {
    return path.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
