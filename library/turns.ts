import { RfclipError } from '../engine/errors.ts';
import { type AbortSignalLike, throwIfAborted, unlessAborted } from '../system/abort.ts';

/** Code of the error of calls to something that was closed. */
export const CLOSED = 'RFCLIP-CLOSED';

/**
 * Lets the calls to a model use its device in the order they came, until the model is closed: one after another, but
 * that some pieces of shared work may be on the device at a time.
 */
export class Turns {
  readonly #places: number;
  #exclusive: Promise<unknown> = Promise.resolve();
  /** The last pieces of shared work, as many as may run at a time: when these have ended, all have. */
  #shared: Promise<unknown>[] = [];
  #isClosed = false;

  /** `places`: how many pieces of shared work may run at a time. */
  constructor(places = 1) {
    this.#places = places;
  }

  /**
   * Runs `work` when all earlier work has ended, however it ended.
   *
   * @param drop gets a result that nobody waits for any more
   * @throws as `takeShared`
   */
  take<Result>(
    work: () => Promise<Result>,
    signal?: AbortSignalLike,
    drop?: (result: Result) => void,
  ): Promise<Result> {
    const { turn, result } = this.#begin(Promise.all([this.#exclusive, ...this.#shared]), work, signal, drop);
    this.#exclusive = turn;
    this.#shared = [];
    return result;
  }

  /**
   * Runs `work` when all earlier work has ended but for shared work, of which there may be some beside it.
   *
   * @param signal gives the place in the line up; work that has begun is waited for by those behind it
   * @throws what `work` throws; RfclipError (`RFCLIP-CLOSED`); the signal's reason once it is aborted
   */
  takeShared<Result>(work: () => Promise<Result>, signal?: AbortSignalLike): Promise<Result> {
    const before = this.#shared.length < this.#places ? undefined : this.#shared.shift();
    const { turn, result } = this.#begin(Promise.all([this.#exclusive, before]), work, signal);
    this.#shared.push(turn);
    return result;
  }

  #begin<Result>(
    gate: Promise<unknown>,
    work: () => Promise<Result>,
    signal?: AbortSignalLike,
    drop?: (result: Result) => void,
  ): { turn: Promise<unknown>; result: Promise<Result> } {
    const turn = gate.then(async () => {
      throwIfAborted(signal);
      this.assertOpen();
      try {
        return await work();
      } finally {
        // Callers should not see what closing made of their work.
        this.assertOpen();
      }
    });
    const result = unlessAborted(turn, signal).catch((error: unknown) => {
      if (drop !== undefined) turn.then(drop, () => {});
      throw error;
    });
    return { turn: turn.catch(() => {}), result };
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
