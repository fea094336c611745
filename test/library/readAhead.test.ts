import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { countOf, type ImageSource, readAhead } from '../../library/readAhead.ts';

/** A source that tells what is asked of it. */
function watched(log: string[], names: readonly string[], failure?: Error): AsyncIterable<string> {
  return {
    [Symbol.asyncIterator]() {
      let at = 0;
      return {
        next: async () => {
          log.push(`ask ${at + 1}`);
          if (at >= names.length && failure !== undefined) throw failure;
          return at < names.length ? { done: false, value: names[at++] } : { done: true, value: undefined };
        },
        return: async () => {
          log.push('return');
          return { done: true, value: undefined };
        },
      };
    },
  };
}

const load = async (input: unknown, index: number) => `${String(input)}${index}`;

async function collect(source: ImageSource): Promise<string[]> {
  const loaded: string[] = [];
  for await (const { loading } of readAhead(source, load, undefined)) loaded.push(await loading);
  return loaded;
}

describe('images of a source', () => {
  it('come in order, whatever the source is', async () => {
    const names = ['a', 'b', 'c'];
    expect(await collect(names)).toEqual(['a0', 'b1', 'c2']);
    expect(await collect(new Set(names))).toEqual(['a0', 'b1', 'c2']);
    expect(await collect(names.values())).toEqual(['a0', 'b1', 'c2']);
    expect(await collect(watched([], names))).toEqual(['a0', 'b1', 'c2']);
    expect(await collect([])).toEqual([]);
    expect(await collect(watched([], []))).toEqual([]);
  });

  it('are asked for one ahead, and no further', async () => {
    const log: string[] = [];
    for await (const { input } of readAhead(watched(log, ['a', 'b', 'c']), load, undefined)) {
      log.push(`use ${String(input)}`);
      await sleep(5);
    }
    expect(log).toEqual(['ask 1', 'use a', 'ask 2', 'use b', 'ask 3', 'use c', 'ask 4']);
  });

  it('may fail to load: that is told where they are used', async () => {
    const fail = async (input: unknown) => {
      if (input === 'b') throw new Error('bad b');
      return String(input);
    };
    const seen: string[] = [];
    for await (const { loading } of readAhead(['a', 'b', 'c'], fail, undefined)) {
      await sleep(1);
      seen.push(await loading.catch((error: Error) => error.message));
    }
    expect(seen).toEqual(['a', 'bad b', 'c']);
  });

  it('are counted where the source tells', () => {
    expect(countOf(['a', 'b'])).toBe(2);
    expect(countOf(new Set(['a', 'b']))).toBe(2);
    expect(countOf(['a', 'b'].values())).toBeUndefined();
  });

  const wrong: [unknown, string][] = [
    ['photo.jpg', 'a string'],
    [Uint8Array.of(1), 'a Uint8Array'],
    [{ width: 1, height: 1, data: new Uint8Array(3) }, 'an Object'],
    [undefined, 'undefined'],
  ];
  it.each(wrong)('are no single image: %o', async (source, what) => {
    await expect(collect(source as ImageSource)).rejects.toMatchObject({
      code: 'RFCLIP-IMAGE',
      message: `the list of images is ${what}, expected an array or anything else to iterate`,
    });
  });
});

describe('a source', () => {
  it('that is left early is told so, once', async () => {
    const log: string[] = [];
    for await (const { input } of readAhead(watched(log, ['a', 'b', 'c']), load, undefined)) if (input === 'b') break;
    expect(log).toEqual(['ask 1', 'ask 2', 'return']);
    const thrown = new Error('in the loop');
    const run = async () => {
      for await (const _ of readAhead(watched(log, ['a']), load, undefined)) throw thrown;
    };
    await expect(run()).rejects.toBe(thrown);
    expect(log.slice(3)).toEqual(['ask 1', 'return']);
  });

  it('that ends or fails by itself is told nothing', async () => {
    const log: string[] = [];
    const failure = new Error('the camera is gone');
    const seen: unknown[] = [];
    const run = async () => {
      for await (const { input } of readAhead(watched(log, ['a', 'b'], failure), load, undefined)) seen.push(input);
    };
    await expect(run()).rejects.toBe(failure);
    expect(seen).toEqual(['a', 'b']);
    expect(log).not.toContain('return');
  });

  it('that never answers holds up neither a break nor a signal', async () => {
    const stuck = async function* (): AsyncGenerator<string> {
      yield 'a';
      await new Promise(() => {});
    };
    for await (const _ of readAhead(stuck(), load, undefined)) {
      await sleep(5);
      break;
    }
    const controller = new AbortController();
    const run = async () => {
      for await (const _ of readAhead(stuck(), load, controller.signal))
        setTimeout(() => controller.abort('enough'), 5);
    };
    await expect(run()).rejects.toBe('enough');
  });
});
