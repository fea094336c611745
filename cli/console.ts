import { SingleBar } from 'cli-progress';
import picocolors from 'picocolors';
import { type Progress, type ProgressOptions, type Reporter, SILENT } from '../system/reporter.ts';
import { asOutputError } from '../system/asOutputError.ts';
import { endOnSignals } from './signals.ts';
import { type StandardError, takeStandardError } from './standardError.ts';
import { writeAll } from './writeAll.ts';

let standardError: StandardError | undefined;

/** Standard error of the process, taken from Dawn on first use; RFCLIP_DEBUG leaves Dawn's own messages visible. */
export function errorOutput(): StandardError {
  standardError ??= takeStandardError(process.env.RFCLIP_DEBUG !== undefined);
  return standardError;
}

/**
 * Writes to standard output before it returns, so that results and remarks keep their order where both go to one file.
 * Whoever reads it may have seen enough (| head); files are still to be written.
 * @throws OutputError if it cannot be written, as on a full disk
 */
export function writeOutput(text: string): void {
  try {
    writeAll(1, text);
  } catch (error) {
    throw asOutputError(error, 'standard output');
  }
}

/** Where a command writes. Results go to standard output, everything else to standard error. */
export interface Console extends Reporter {
  /** A result line; dropped with `--json`. */
  result(line: string): void;
  /** A remark: notices, progress, warnings. Dropped with `--json`. */
  note(line: string): void;
  /** A failure; always written. */
  failure(line: string): void;
  /** The one document that `--json` prints. */
  json(document: unknown): void;
  /** A bar on a terminal, plain lines otherwise. */
  progress(title: string, total: number, options?: ProgressOptions): Progress;
}

let quiet = false;

/** From now on, remarks and progress are dropped: `--quiet`. */
export function silenceRemarks(): void {
  quiet = true;
}

/** The console of a process. With `json`, only `json` and `failure` write. */
export function makeConsole(options: { json: boolean }): Console {
  const out = (line: string) => besideBar(() => writeOutput(`${line}\n`));
  const err = (line: string) => besideBar(() => errorOutput().write(`${line}\n`));
  return {
    result: (line) => (options.json ? undefined : void out(line)),
    note: (line) => (options.json || quiet ? undefined : void err(line)),
    failure: (line) => void err(`${colours().red('rfclip:')} ${line}`),
    json: (document) => (options.json ? void out(JSON.stringify(document, null, 2)) : undefined),
    progress: (title, total, { titled = false } = {}) =>
      options.json || quiet
        ? SILENT.progress(title, total)
        : endedBySignals(
            title,
            total,
            errorOutput().isTerminal && total > 1
              ? makeBar(title, total)
              : makeLines(titled ? `${title} ` : '', total, err),
            err,
          ),
  };
}

/** Colours follow the stream they are written to, which picocolors does not know has been moved. */
function colours(): { red: (text: string) => string } {
  return picocolors.createColors(errorOutput().isTerminal && process.env.NO_COLOR === undefined);
}

/** Takes the bar off the terminal, and returns what puts it back; absent while there is none. */
let hideBar: (() => () => void) | undefined;

/** Takes the bar off the terminal and gives it its cursor back, for an end that no handler of `exit` sees. */
export function leaveTerminal(): void {
  hideBar?.();
}

/** Writes lines in the place of the bar, which goes on below them. */
function besideBar(write: () => void): void {
  const show = hideBar?.();
  write();
  show?.();
}

/** What Ctrl-C or a scheduler ends says how far it came, and leaves the terminal as it was. */
function endedBySignals(title: string, total: number, inner: Progress, write: (line: string) => void): Progress {
  let done = 0;
  const release = endOnSignals(() => {
    inner.stop();
    write(`interrupted: ${title}, ${done} of ${total} done`);
  });
  return {
    step: (label) => {
      done++;
      inner.step(label);
    },
    stop: () => {
      release();
      inner.stop();
    },
  };
}

function makeBar(title: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${title} [{bar}] {value}/{total} {label}`,
    hideCursor: true,
    clearOnComplete: true,
    // It would take signals for itself, and the process would go on.
    gracefulExit: false,
    stream: errorOutput().terminal,
  });
  let [value, label] = [0, ''];
  const start = () => bar.start(total, value, { label });
  start();
  hideBar = () => {
    bar.stop();
    return start;
  };
  // However the process ends, the terminal needs its cursor.
  const showCursor = () => bar.stop();
  process.on('exit', showCursor);
  return {
    step: (text) => {
      [value, label] = [value + 1, text];
      bar.increment({ label });
    },
    stop: () => {
      process.off('exit', showCursor);
      bar.stop();
      hideBar = undefined;
    },
  };
}

function makeLines(prefix: string, total: number, write: (line: string) => void): Progress {
  let done = 0;
  return { step: (label) => write(`${prefix}${total > 1 ? `[${++done}/${total}] ` : ''}${label}`), stop: () => {} };
}
