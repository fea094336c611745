import { closeSync, fsyncSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolders } from '../system/makeFolders.ts';

/** What identifies the version of a file on its server, so that a download goes on only with the same one. */
export interface Validator {
  url: string;
  /** Strong entity tag. */
  etag?: string;
  lastModified?: string;
}

/** A download that has not ended: `TARGET.part` holds the bytes, `TARGET.part.json` what they are the beginning of. */
export class PartialFile {
  readonly path: string;
  readonly #notes: string;

  constructor(target: string) {
    this.path = `${target}.part`;
    this.#notes = `${target}.part.json`;
  }

  /** Bytes that are there. */
  get size(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** What the bytes belong to; undefined where that was not noted or belongs to another address. */
  validator(url: string): Validator | undefined {
    try {
      const notes = JSON.parse(readFileSync(this.#notes, 'utf8')) as Validator;
      return notes.url === url ? notes : undefined;
    } catch {
      return undefined;
    }
  }

  /** Forgets what is there and begins anew. */
  restart(validator: Validator): void {
    this.remove();
    makeFolders(dirname(this.path));
    writeFileSync(this.#notes, JSON.stringify(validator));
    writeFileSync(this.path, '');
  }

  /** Opens the file for bytes after those that are there. */
  append(): { write(bytes: Uint8Array): void; close(): void } {
    const descriptor = openSync(this.path, 'a');
    return {
      write: (bytes) => {
        for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
      },
      close: () => {
        fsyncSync(descriptor);
        closeSync(descriptor);
      },
    };
  }

  remove(): void {
    rmSync(this.path, { force: true });
    this.removeNotes();
  }

  removeNotes(): void {
    rmSync(this.#notes, { force: true });
  }
}
