import { spawn } from 'node:child_process';
import { readSync } from 'node:fs';
import { pause, writeAll } from './writeAll.ts';

/** Writes every line it gets to its standard error, and says so. */
const SCRIPT = `while IFS= read -r line; do printf '%s\\n' "$line" >&2; echo; done`;

/** Looks at the answer, one a millisecond, after which a helper that does not answer is given up. */
const PATIENCE = 10_000;

/**
 * A shell that has a descriptor of ours as its own and writes lines to it. Node cannot duplicate a descriptor, but
 * hands it on to a child, which keeps the very same open file, offset included, when this process points the number
 * elsewhere. It ends with this process, however that ends, and Ctrl-C does not reach it.
 * @returns a function that has written its lines when it returns; undefined where there is no shell
 */
export function openScribe(descriptor: number): ((text: string) => void) | undefined {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'pipe', descriptor], detached: true, env: {} });
  child.on('error', () => {});
  if (child.pid === undefined || child.stdin === null || child.stdout === null) return undefined;
  const [asked, answered] = [descriptorOf(child.stdin), descriptorOf(child.stdout)];
  if (asked === undefined || answered === undefined) return undefined;
  for (const stream of [child.stdin, child.stdout]) {
    stream.on('error', () => {});
    (stream as unknown as { unref(): void }).unref();
  }
  child.unref();
  return (text) => {
    for (const line of text.replace(/\n$/, '').split('\n')) {
      writeAll(asked, `${line}\n`);
      waitForAnswer(answered);
    }
  };
}

/** Of Node's own end of the pipe, which no public name gives. */
function descriptorOf(stream: unknown): number | undefined {
  const { fd = -1 } = (stream as { _handle?: { fd?: number } })._handle ?? {};
  return fd < 0 ? undefined : fd;
}

function waitForAnswer(descriptor: number): void {
  const answer = Buffer.alloc(1);
  for (let looks = 0; looks < PATIENCE; looks++) {
    try {
      readSync(descriptor, answer);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return;
      pause(1);
    }
  }
}
