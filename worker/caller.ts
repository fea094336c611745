import { RfclipError } from '../engine/errors.ts';
import { type AbortSignalLike, throwIfAborted, unlessAborted } from '../system/abort.ts';
import { checkSignal } from '../library/checkOptions.ts';
import type { Abort, SentError, WorkerAnswer, WorkerCall, WorkerProgress } from './messages.ts';
import { unsendable } from './unsendable.ts';

/** What is used of a `Worker`. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'error', listener: (event: WorkerEventLike) => void): void;
}

/** What is used of its events. */
export interface WorkerEventLike {
  readonly type: string;
  readonly data?: unknown;
  readonly message?: string;
}

/** Who hears of a call besides the promise of its answer. */
export interface Listeners {
  /** The type follows from the call. */
  onProgress?: (progress: never) => void;
  onLost?: (error: RfclipError) => void;
  signal?: AbortSignalLike;
}

/**
 * Sends a call.
 * @throws what the worker answers; the signal's reason once it is aborted; RfclipError for what cannot be sent
 */
export type Ask = <Value>(asked: WorkerCall, listeners?: Listeners) => Promise<Value>;

/** A call that waits for its answer. */
interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((progress: WorkerProgress) => void) | undefined;
}

const callers = new WeakMap<WorkerLike, Ask>();

/** The one that numbers the calls to this worker. */
export function callerOf(worker: WorkerLike): Ask {
  let ask = callers.get(worker);
  if (ask === undefined) callers.set(worker, (ask = makeCaller(worker)));
  return ask;
}

function makeCaller(worker: WorkerLike): Ask {
  const waiting = new Map<number, Waiting>();
  const watching = new Map<number, (error: RfclipError) => void>();
  let calls = 0;
  let broken: RfclipError | undefined;
  worker.addEventListener('message', (event) => {
    const data = event.data as WorkerAnswer;
    if ('lost' in data) return watching.get(data.id)?.(receivedError(data.lost));
    const call = waiting.get(data.id);
    if ('progress' in data) return call?.onProgress?.(data.progress);
    waiting.delete(data.id);
    if ('error' in data) call?.reject(receivedError(data.error));
    else call?.resolve(data.value);
  });
  worker.addEventListener('error', ({ message }) => {
    const reason = message === undefined || message === '' ? 'its code cannot be loaded' : message;
    broken = new RfclipError(`the worker failed: ${reason}`, { code: 'RFCLIP-WORKER' });
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  });
  const send = <Value>(id: number, asked: WorkerCall, { onProgress, onLost }: Listeners) =>
    new Promise<Value>((resolve, reject) => {
      if (broken !== undefined) throw broken;
      try {
        worker.postMessage({ id, ...asked });
      } catch (cause) {
        throw unsendable(asked, cause);
      }
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress: onProgress as never });
      if (onLost !== undefined) watching.set(id, onLost);
    });
  return async (asked, listeners = {}) => {
    const { signal } = listeners;
    checkSignal(signal, asked.call);
    throwIfAborted(signal);
    const id = calls++;
    const abort = () => {
      // Nothing of it is told any more.
      if (waiting.delete(id)) worker.postMessage({ id, call: 'abort' } satisfies Abort & { id: number });
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await unlessAborted(send(id, asked, listeners), signal);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };
}

function receivedError({ message, code, fix, where }: SentError): RfclipError {
  return new RfclipError(message, { code: code ?? 'RFCLIP-WORKER', fix, where });
}
