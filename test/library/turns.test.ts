import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../library/turns.ts';

/** Work that ends when it is told to. */
function heldWork(log: string[], name: string) {
  let end = () => {};
  const held = new Promise<void>((resolve) => (end = resolve));
  const work = async () => {
    log.push(`${name} begins`);
    await held;
    log.push(`${name} ends`);
    return name;
  };
  return { work, end: () => end() };
}

describe('turns', () => {
  it('are taken one after another in the order of the calls, however each ends', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const slow = heldWork(log, 'slow');
    const results = Promise.allSettled([
      turns.take(slow.work),
      turns.take(async () => {
        log.push('fails');
        throw new Error('no');
      }),
      turns.take(() => {
        log.push('fails at once');
        throw new Error('not at all');
      }),
      turns.take(async () => log.push('last')),
    ]);
    await sleep(1);
    expect(log).toEqual(['slow begins']);
    slow.end();
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(log).toEqual(['slow begins', 'slow ends', 'fails', 'fails at once', 'last']);
  });

  it('are given up by a signal in the line, without disturbing the others', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const first = heldWork(log, 'first');
    const controller = new AbortController();
    const one = turns.take(first.work);
    const two = turns.take(async () => log.push('two'), controller.signal);
    const three = turns.take(async () => log.push('three'));
    await sleep(1);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(two).rejects.toBe(reason);
    expect(log).toEqual(['first begins']);
    first.end();
    await Promise.all([one, three]);
    expect(log).toEqual(['first begins', 'first ends', 'three']);
  });

  it('that a signal ends while they last are waited for by the next, and their result is dropped', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const first = heldWork(log, 'first');
    const controller = new AbortController();
    const dropped: string[] = [];
    const one = turns.take(first.work, controller.signal, (result) => dropped.push(result));
    const two = turns.take(async () => log.push('two'));
    await sleep(1);
    controller.abort();
    await expect(one).rejects.toMatchObject({ name: 'AbortError' });
    expect(log).toEqual(['first begins']);
    first.end();
    await two;
    expect(log).toEqual(['first begins', 'first ends', 'two']);
    expect(dropped).toEqual(['first']);
  });

  it('end when they are closed: in work, in line and later', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const first = heldWork(log, 'first');
    const calls = [turns.take(first.work), turns.take(async () => log.push('two'))];
    const failing = turns.take(() => Promise.reject(new Error('what closing made of it')));
    await sleep(1);
    expect(turns.close()).toBe(true);
    expect(turns.close()).toBe(false);
    calls.push(
      failing,
      turns.take(async () => log.push('late')),
    );
    first.end();
    for (const { status, ...rest } of await Promise.allSettled(calls))
      expect({ status, ...rest }).toMatchObject({
        status: 'rejected',
        reason: { name: 'RfclipError', code: 'RFCLIP-CLOSED', message: 'the model was closed' },
      });
    expect(log).toEqual(['first begins', 'first ends']);
    expect(() => turns.assertOpen()).toThrow('the model was closed');
  });
});
