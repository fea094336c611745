import { writeSync } from 'node:fs';

/** Sleeping on it lasts for as long as was asked for: nobody ever changes it. */
const CELL = new Int32Array(new SharedArrayBuffer(4));

/** A reader that has gone away, or a terminal that was closed: not our failure. */
const NOBODY_READS = ['EPIPE', 'EIO', 'ECONNRESET'];

/**
 * Writes a text to an open descriptor, all of it, before it returns, so that lines to several descriptors of one file
 * keep their order. A full pipe is waited for.
 * @throws the file system's error, as of a full disk; not where nobody reads any more
 */
export function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (NOBODY_READS.includes(code)) return;
      if (code !== 'EAGAIN') throw error;
      pause(2);
    }
  }
}

/** Lets other processes run, and blocks this one. */
export function pause(milliseconds: number): void {
  Atomics.wait(CELL, 0, 0, milliseconds);
}
