import { describe, expect, it } from 'vitest';
import { type AbortSignalLike, throwIfAborted, unlessAborted } from '../../system/abort.ts';
import { withLinkedSignal } from '../../system/linkedSignal.ts';

/** A signal that counts who listens. */
function countingSignal() {
  const listeners = new Set<() => void>();
  const signal = {
    aborted: false,
    reason: undefined as unknown,
    addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
  } satisfies AbortSignalLike;
  const abort = (reason?: unknown) => {
    Object.assign(signal, { aborted: true, reason });
    for (const listener of listeners) listener();
  };
  return { signal, listeners, abort };
}

const never = () => new Promise<never>(() => {});

describe('a signal', () => {
  it('gives its reason, whatever that is, or an AbortError where it has none', async () => {
    for (const reason of [new Error('enough'), 'enough', 0, false]) {
      const signal = AbortSignal.abort(reason);
      await expect(unlessAborted(never(), signal)).rejects.toBe(reason);
      expect(() => throwIfAborted({ ...countingSignal().signal, aborted: true, reason })).toThrow();
    }
    const bare = countingSignal();
    const pending = unlessAborted(never(), bare.signal);
    bare.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('that is not aborted changes nothing', async () => {
    throwIfAborted(undefined);
    throwIfAborted(new AbortController().signal);
    expect(await unlessAborted(Promise.resolve(5), undefined)).toBe(5);
    expect(await unlessAborted(Promise.resolve(5), new AbortController().signal)).toBe(5);
    await expect(unlessAborted(Promise.reject(new Error('no')), new AbortController().signal)).rejects.toThrow('no');
  });

  it('is not listened to any more once the wait is over', async () => {
    const { signal, listeners, abort } = countingSignal();
    const forever = unlessAborted(never(), signal);
    expect(listeners.size).toBe(1);
    await unlessAborted(Promise.resolve(), signal);
    await unlessAborted(Promise.reject(new Error('no')), signal).catch(() => {});
    await withLinkedSignal(signal, async () => {});
    await withLinkedSignal(signal, () => Promise.reject(new Error('no'))).catch(() => {});
    expect(listeners.size).toBe(1);
    abort('enough');
    await expect(forever).rejects.toBe('enough');
    expect(listeners.size).toBe(0);
  });

  it('that was aborted leaves no failure of the work unhandled', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      await unlessAborted(Promise.reject(new Error('late')), AbortSignal.abort('enough')).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('a linked signal', () => {
  it('aborts with the other, before or later', async () => {
    const seen: unknown[] = [];
    await withLinkedSignal(AbortSignal.abort('before'), async ({ signal }) => seen.push(signal.aborted, signal.reason));
    const { signal, abort } = countingSignal();
    await withLinkedSignal(signal, async (controller) => {
      seen.push(controller.signal.aborted);
      abort('later');
      seen.push(controller.signal.aborted, controller.signal.reason);
    });
    expect(seen).toEqual([true, 'before', false, true, 'later']);
  });

  it('can be aborted by itself, and needs no other', async () => {
    const { signal } = countingSignal();
    const reason = await withLinkedSignal(signal, async (controller) => {
      controller.abort('own');
      return controller.signal.reason as unknown;
    });
    expect(reason).toBe('own');
    expect(signal.aborted).toBe(false);
    expect(await withLinkedSignal(undefined, async (controller) => controller.signal.aborted)).toBe(false);
  });
});
