import { closeSync, openSync, writeSync, constants } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';

/** Where this process writes what is not a result. */
export interface StandardError {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** The terminal as a stream, for a progress bar. */
  readonly terminal: WriteStream | undefined;
}

const DESCRIPTOR = 2;

/**
 * Takes standard error for the CLI alone. Dawn prints warnings of its own there that no option turns off (limits it
 * reduced, drivers it did not find, with lines of its C++ stack), between our one clear sentence and the user. So
 * descriptor 2 is pointed at /dev/null, and the CLI keeps writing to a copy. Must run before Dawn is loaded, while no
 * other thread opens files. With `keep`, or where the descriptor cannot be opened anew (a socket, another system),
 * nothing changes.
 */
export function takeStandardError(keep: boolean): StandardError {
  const descriptor = keep || process.platform !== 'linux' ? DESCRIPTOR : redirect();
  const isTerminal = isatty(descriptor);
  return {
    isTerminal,
    terminal: isTerminal ? new WriteStream(descriptor) : undefined,
    write: (text) => writeAll(descriptor, text),
  };
}

function redirect(): number {
  let copy: number;
  try {
    copy = openSync(`/proc/self/fd/${DESCRIPTOR}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NOCTTY);
  } catch {
    return DESCRIPTOR;
  }
  closeSync(DESCRIPTOR);
  // The lowest free descriptor is taken, which is the one just closed.
  openSync('/dev/null', 'w');
  return copy;
}

function writeAll(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      // A full pipe asks to be tried again; a reader that has gone away is not our failure.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') continue;
      return;
    }
  }
}
