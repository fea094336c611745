import type { AbortSignalLike } from './abort.ts';

/** Runs `body` with a controller of Node's own, for `fetch` and timers, which also aborts when `signal` does. */
export async function withLinkedSignal<Result>(
  signal: AbortSignalLike | undefined,
  body: (controller: AbortController) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await body(controller);
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
