import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import type { StoredConfusion } from '../../datasets/confusion.ts';
import { EvaluationError } from '../evaluationError.ts';
import { sha256 } from '../../system/platform.ts';

/** One evaluated image. */
export interface JournalEntry {
  id: string;
  /** Network and labelling. */
  milliseconds: number;
  /**
   * How long the device had to wait, for the decoded image and for what is written of the image before, in
   * milliseconds.
   */
  waited: number;
  /** Where it was segmented, if not on the adapter of the run's first start. */
  adapter?: string;
  /** The image's own pixel counts, from `storeConfusion`. */
  confusion: StoredConfusion;
}

/** What every line of a journal has. */
export interface AnyEntry {
  id: string;
}

/** A journal open for writing. */
export interface Journal<Entry extends AnyEntry = JournalEntry> {
  /** What it held when it was opened, in the order of writing. */
  entries: Entry[];
  /** Writes a line and waits until it is on the disk. @throws EvaluationError on a full or failing disk. */
  append(entry: Entry): void;
  close(): void;
}

const NEWLINE = 0x0a;

/** The line of an entry, newline included: a checksum of the entry's text, then the entry. */
export function formatEntry(entry: AnyEntry): string {
  const text = JSON.stringify(entry);
  return `{"sum":"${checksum(text)}","entry":${text}}\n`;
}

/**
 * Reads a journal. A last line without its newline or with a wrong checksum is what a killed process or a full disk
 * leaves; it is dropped. The same anywhere else is damage that nobody should build on.
 *
 * @param bytes the whole file
 * @param where how errors name the file
 * @returns the entries, and the length in bytes of the lines they stand in
 * @throws EvaluationError for a damaged line before the last, or an image that occurs twice
 */
export function parseJournal<Entry extends AnyEntry = JournalEntry>(
  bytes: Uint8Array,
  where: string,
): { entries: Entry[]; soundBytes: number } {
  const entries: Entry[] = [];
  const lineOf = new Map<string, number>();
  let soundBytes = 0;
  for (let line = 1; soundBytes < bytes.length; line++) {
    const end = bytes.indexOf(NEWLINE, soundBytes);
    const entry = end < 0 ? undefined : parseLine<Entry>(Buffer.from(bytes.subarray(soundBytes, end)).toString('utf8'));
    if (entry === undefined) {
      const last = end < 0 || end === bytes.length - 1;
      if (last) break;
      throw new EvaluationError(`${where}, line ${line} is damaged: its checksum does not fit its text`, where, {
        fix: 'start over in another folder, or delete this line: its image is then evaluated again',
      });
    }
    const earlier = lineOf.get(entry.id);
    if (earlier !== undefined)
      throw new EvaluationError(
        `${where} has ${entry.id} twice, in lines ${earlier} and ${line}; expected every image once`,
        where,
      );
    lineOf.set(entry.id, line);
    entries.push(entry);
    soundBytes = end + 1;
  }
  return { entries, soundBytes };
}

/**
 * Opens a journal to go on with it, or starts one. A torn last line is cut off the file.
 * @throws EvaluationError as `parseJournal`, or if the file cannot be read or written
 */
export function openJournal<Entry extends AnyEntry = JournalEntry>(path: string): Journal<Entry> {
  let file: number;
  try {
    file = openSync(path, 'a');
  } catch (cause) {
    throw new EvaluationError(`the journal ${path} cannot be opened (${(cause as NodeJS.ErrnoException).code})`, path, {
      cause,
    });
  }
  try {
    const bytes = readFileSync(path);
    const { entries, soundBytes } = parseJournal<Entry>(bytes, path);
    if (soundBytes < bytes.length) cut(path, soundBytes);
    return { entries, append: (entry) => appendLine(file, formatEntry(entry), path), close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** Through a file of its own: Windows lets no file be cut that is open for appending. */
function cut(path: string, length: number): void {
  try {
    truncateSync(path, length);
  } catch (cause) {
    throw new EvaluationError(
      `the torn last line of the journal ${path} cannot be cut off (${(cause as NodeJS.ErrnoException).code})`,
      path,
      { cause },
    );
  }
}

function appendLine(file: number, line: string, path: string): void {
  const bytes = Buffer.from(line);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = code === 'ENOSPC' || code === 'EDQUOT' ? 'no space is left on the disk' : String(code);
    throw new EvaluationError(`the journal ${path} cannot be written: ${problem}`, path, {
      cause,
      fix: 'what it holds is safe; go on with --resume',
    });
  }
}

function parseLine<Entry>(line: string): Entry | undefined {
  const parts = /^\{"sum":"([0-9a-f]{16})","entry":(.*)\}$/.exec(line);
  if (parts === null || checksum(parts[2]) !== parts[1]) return undefined;
  return JSON.parse(parts[2]) as Entry;
}

function checksum(text: string): string {
  return sha256(text).slice(0, 16);
}
