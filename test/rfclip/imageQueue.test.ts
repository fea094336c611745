import { describe, expect, it } from 'vitest';
import { ImageQueue } from '../../rfclip/imageQueue.ts';

/** A queue whose programs are lists of names, and whose images end when they are told to. */
function openQueue(fail: (names: readonly string[]) => boolean = () => false) {
  const programs: string[][] = [];
  const ends = new Map<string, (problem?: string) => void>();
  const queue = new ImageQueue((names: readonly string[]) => {
    programs.push([...names]);
    if (fail(names)) throw new Error(`no ${names.join(' and ')}`);
    return names.map((name) => `part of ${name}`);
  });
  const run = (name: string, atOnce: number, kind = 'square') =>
    queue.run(name, { kind, atOnce }, (part) => {
      expect(part).toBe(`part of ${name}`);
      return new Promise<string>((resolve, reject) =>
        ends.set(name, (problem) => (problem === undefined ? resolve(`${name} done`) : reject(new Error(problem)))),
      );
    });
  const end = async (name: string, problem?: string) => {
    ends.get(name)!(problem);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { programs, run, end };
}

describe('ImageQueue', () => {
  it('records at once while there is room, and what waited for room together', async () => {
    const { programs, run, end } = openQueue();
    const results = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => run(name, 3));
    expect(programs).toEqual([['a'], ['b']]);
    await end('b');
    expect(programs).toEqual([['a'], ['b'], ['c', 'd', 'e']]);
    await end('d');
    await end('c');
    // A program has room for another only when all of its images are done.
    expect(programs).toHaveLength(3);
    await end('e');
    expect(programs[3]).toEqual(['f']);
    await end('a');
    await end('f');
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name} done`));
  });

  it('lets only images of a kind go together, the one that came first first', async () => {
    const { programs, run, end } = openQueue();
    const kinds = { a: 'wide', b: 'wide', c: 'high', d: 'wide', e: 'high', f: 'wide' };
    for (const [name, kind] of Object.entries(kinds)) void run(name, 2, kind);
    await end('a');
    await end('b');
    expect(programs).toEqual([['a'], ['b'], ['c', 'e'], ['d', 'f']]);
  });

  it('has three images on the device that go alone', async () => {
    const { programs, run, end } = openQueue();
    for (const name of ['a', 'b', 'c', 'd']) void run(name, 1);
    expect(programs).toEqual([['a'], ['b'], ['c']]);
    await end('c');
    expect(programs[3]).toEqual(['d']);
  });

  it('records images by themselves that cannot be recorded together, and only the broken one fails', async () => {
    const { programs, run, end } = openQueue((names) => names.includes('d'));
    const results = ['a', 'b', 'c', 'd', 'e'].map((name) => run(name, 3));
    const outcomes = Promise.allSettled(results);
    await end('a');
    await end('b');
    await end('c');
    await end('e');
    expect(programs).toEqual([['a'], ['b'], ['c', 'd', 'e'], ['c'], ['d'], ['e']]);
    const found = (await outcomes).map((outcome) =>
      outcome.status === 'fulfilled' ? outcome.value : (outcome.reason as Error).message,
    );
    expect(found).toEqual(['a done', 'b done', 'c done', 'no d', 'e done']);
  });

  it('goes on after an image that failed while the others of its program did not', async () => {
    const { programs, run, end } = openQueue();
    const [, , c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => run(name, 2));
    await end('a');
    const failed = expect(c).rejects.toThrow('c broke');
    await end('c', 'c broke');
    await end('d');
    await failed;
    expect(await d).toBe('d done');
    await end('e');
    expect(await e).toBe('e done');
    expect(programs).toEqual([['a'], ['b'], ['c', 'd'], ['e']]);
  });
});
