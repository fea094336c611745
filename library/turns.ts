import { RfclipError } from '../engine/errors.ts';
import { type AbortSignalLike, throwIfAborted, unlessAborted } from '../system/abort.ts';

/** Code of the error of calls to something that was closed. */
export const CLOSED = 'RFCLIP-CLOSED';

/** Lets the calls to a model use its device one after another, in the order they came, until the model is closed. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  /**
   * Runs `work` when all earlier work has ended, however it ended.
   *
   * @param signal gives the place in the line up; work that has begun is waited for by those behind it
   * @param drop gets a result that nobody waits for any more
   * @throws what `work` throws; RfclipError (`RFCLIP-CLOSED`); the signal's reason once it is aborted
   */
  async take<Result>(
    work: () => Promise<Result>,
    signal?: AbortSignalLike,
    drop?: (result: Result) => void,
  ): Promise<Result> {
    const turn = this.#last.then(async () => {
      throwIfAborted(signal);
      this.assertOpen();
      try {
        return await work();
      } finally {
        // Callers should not see what closing made of their work.
        this.assertOpen();
      }
    });
    this.#last = turn.catch(() => {});
    try {
      return await unlessAborted(turn, signal);
    } catch (error) {
      if (drop !== undefined) turn.then(drop, () => {});
      throw error;
    }
  }

  /** Lets nothing begin any more, and nothing succeed. @returns false where it was closed before */
  close(): boolean {
    const first = !this.#isClosed;
    this.#isClosed = true;
    return first;
  }

  /** @throws RfclipError (`RFCLIP-CLOSED`) */
  assertOpen(): void {
    if (this.#isClosed) throw new RfclipError('the model was closed', { code: CLOSED });
  }
}

/** A promise that begins now and is awaited in its turn: until then, that it failed is nobody's mistake. */
export function handledLater<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
