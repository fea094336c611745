import { type AbortSignalLike, throwIfAborted, unlessAborted } from './abort.ts';

/** Lets calls use a device one after another, in the order they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs `work` when all earlier work has ended, however it ended.
   * @param signal gives the place in the line up; work that has begun is waited for by those behind it
   * @throws what `work` throws; the signal's reason once it is aborted
   */
  take<Result>(work: () => Promise<Result>, signal?: AbortSignalLike): Promise<Result> {
    const turn = this.#last.then(() => {
      throwIfAborted(signal);
      return work();
    });
    this.#last = turn.catch(() => {});
    return unlessAborted(turn, signal);
  }

  /** Resolves when all work that was asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
