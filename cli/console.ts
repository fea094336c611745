import { SingleBar } from 'cli-progress';
import picocolors from 'picocolors';
import { type Progress, type Reporter, SILENT } from '../system/reporter.ts';
import { type StandardError, takeStandardError } from './standardError.ts';

let standardError: StandardError | undefined;

/** Standard error of the process, taken from Dawn on first use; RFCLIP_DEBUG leaves Dawn's own messages visible. */
export function errorOutput(): StandardError {
  standardError ??= takeStandardError(process.env.RFCLIP_DEBUG !== undefined);
  return standardError;
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
  progress(title: string, total: number): Progress;
}

/** The console of a process. With `json`, only `json` and `failure` write. */
export function makeConsole(options: { json: boolean }): Console {
  const out = (line: string) => process.stdout.write(`${line}\n`);
  const err = (line: string) => errorOutput().write(`${line}\n`);
  return {
    result: (line) => (options.json ? undefined : void out(line)),
    note: (line) => (options.json ? undefined : void err(line)),
    failure: (line) => void err(`${colours().red('rfclip:')} ${line}`),
    json: (document) => (options.json ? void out(JSON.stringify(document, null, 2)) : undefined),
    progress: (title, total) =>
      options.json
        ? SILENT.progress(title, total)
        : errorOutput().isTerminal && total > 1
          ? makeBar(title, total)
          : makeLines(total, err),
  };
}

/** Colours follow the stream they are written to, which picocolors does not know has been moved. */
function colours(): { red: (text: string) => string } {
  return picocolors.createColors(errorOutput().isTerminal && process.env.NO_COLOR === undefined);
}

function makeBar(title: string, total: number): Progress {
  const bar = new SingleBar({
    format: `${title} [{bar}] {value}/{total} {label}`,
    hideCursor: true,
    clearOnComplete: true,
    stream: errorOutput().terminal,
  });
  bar.start(total, 0, { label: '' });
  return { step: (label) => bar.increment({ label }), stop: () => bar.stop() };
}

function makeLines(total: number, write: (line: string) => void): Progress {
  let done = 0;
  return { step: (label) => write(total > 1 ? `[${++done}/${total}] ${label}` : label), stop: () => {} };
}
