import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Why a peer did not do what it was asked for. */
export interface Missing {
  kind: 'missing';
  reason: string;
}

/** Another implementation in a process of its own, because Dawn cannot be created twice in one. */
export class PeerProcess<Request extends object, Reply extends { kind: string }> {
  readonly #child: ChildProcess;

  /** `script` is a built file beside this one. */
  constructor(script: string) {
    const path = fileURLToPath(new URL(`./${script}`, import.meta.url));
    this.#child = fork(path, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  }

  /** Sends a request and waits for the answer. */
  async ask(request: Request): Promise<Reply | Missing> {
    const child = this.#child;
    if (!child.connected) return ENDED;
    const answered = new AbortController();
    try {
      const ended = once(child, 'exit', answered).then(() => [ENDED]);
      ended.catch(() => {});
      child.send(request);
      const [reply] = (await Promise.race([once(child, 'message', answered), ended])) as [Reply | Missing];
      return reply;
    } finally {
      answered.abort();
    }
  }

  /** Ends the process. */
  end(): void {
    this.#child.kill();
  }
}

const ENDED: Missing = { kind: 'missing', reason: 'its process ended' };
