import { closeSync, constants, fstatSync, openSync, readFileSync, type BigIntStats } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import { openScribe } from './scribe.ts';
import { writeAll } from './writeAll.ts';

/** Where this process writes what is not a result. */
export interface StandardError {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** The terminal as a stream, for a progress bar. */
  readonly terminal: WriteStream | undefined;
}

const STANDARD_OUTPUT = 1;
const DESCRIPTOR = 2;

/**
 * Takes standard error for the CLI alone. Dawn prints warnings of its own there that no option turns off (limits it
 * reduced, drivers it did not find, with lines of its C++ stack), between our one clear sentence and the user. So
 * descriptor 2 is pointed at /dev/null, and the CLI keeps another way to where it led. Must run before Dawn is loaded,
 * while no other thread opens files. With `keep`, or where there is no other way (another system), nothing
 * changes.
 */
export function takeStandardError(keep: boolean): StandardError {
  const way = keep || process.platform !== 'linux' ? DESCRIPTOR : otherWay();
  if (way !== DESCRIPTOR) {
    closeSync(DESCRIPTOR);
    // The lowest free descriptor is taken, which is the one just closed.
    openSync('/dev/null', 'w');
  }
  if (typeof way === 'function') return { isTerminal: false, terminal: undefined, write: way };
  const isTerminal = isatty(way);
  return {
    isTerminal,
    terminal: isTerminal ? new WriteStream(way) : undefined,
    write: (text) => writeOrGiveUp(way, text),
  };
}

/**
 * Another way to what standard error leads to, by which lines arrive where and when they would by descriptor 2. A file
 * has an offset, which belongs to the opened file and is shared with whoever got it from the same shell: one that is
 * opened a second time would write over their lines, unless both append. A socket cannot be opened a second time.
 */
function otherWay(): number | ((text: string) => void) {
  const status = fstatSync(DESCRIPTOR, { bigint: true });
  const isTerminal = isatty(DESCRIPTOR);
  if (!isTerminal && isSameFile(status, fstatSync(STANDARD_OUTPUT, { bigint: true }))) return STANDARD_OUTPUT;
  if (status.isSocket() || (status.isFile() && !appends(DESCRIPTOR))) return openScribe(DESCRIPTOR) ?? DESCRIPTOR;
  try {
    // Without O_NONBLOCK, a pipe whose reader has gone away already would be waited for.
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY;
    return openSync(`/proc/self/fd/${DESCRIPTOR}`, status.isFIFO() ? flags | constants.O_NONBLOCK : flags);
  } catch {
    return DESCRIPTOR;
  }
}

function isSameFile(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function appends(descriptor: number): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))!;
    return (Number.parseInt(flags, 8) & constants.O_APPEND) !== 0;
  } catch {
    return false;
  }
}

/** What cannot be said here can be said nowhere. */
function writeOrGiveUp(descriptor: number, text: string): void {
  try {
    writeAll(descriptor, text);
  } catch {
    return;
  }
}
