import { SingleBar } from 'cli-progress';
import picocolors from 'picocolors';

/** Where a command writes. Results go to standard output, everything else to standard error. */
export interface Console {
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

/** Progress of one activity. */
export interface Progress {
  step(label: string): void;
  stop(): void;
}

/** The console of a process. With `json`, only `json` and `failure` write. */
export function makeConsole(options: { json: boolean }): Console {
  const out = (line: string) => process.stdout.write(`${line}\n`);
  const err = (line: string) => process.stderr.write(`${line}\n`);
  return {
    result: (line) => (options.json ? undefined : void out(line)),
    note: (line) => (options.json ? undefined : void err(line)),
    failure: (line) => void err(`${picocolors.red('rfclip:')} ${line}`),
    json: (document) => (options.json ? void out(JSON.stringify(document, null, 2)) : undefined),
    progress: (title, total) => (options.json ? silent : process.stderr.isTTY && total > 1 ? makeBar(title, total) : makeLines(total, err)),
  };
}

const silent: Progress = { step: () => {}, stop: () => {} };

function makeBar(title: string, total: number): Progress {
  const bar = new SingleBar({ format: `${title} [{bar}] {value}/{total} {label}`, hideCursor: true, clearOnComplete: true, stream: process.stderr });
  bar.start(total, 0, { label: '' });
  return { step: (label) => bar.increment({ label }), stop: () => bar.stop() };
}

function makeLines(total: number, write: (line: string) => void): Progress {
  let done = 0;
  return { step: (label) => write(total > 1 ? `[${++done}/${total}] ${label}` : label), stop: () => {} };
}
