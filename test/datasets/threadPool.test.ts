import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openThreadPool, type ThreadPool } from '../../datasets/threadPool.ts';
import { RfclipError } from '../../engine/errors.ts';
import { writeUnder } from './miniatures.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-threads-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const ANSWER = JSON.stringify(new URL('../../datasets/threadAnswer.ts', import.meta.url).href);
const ERRORS = JSON.stringify(new URL('../../engine/errors.ts', import.meta.url).href);

/** Threads that answer a number by a body of TypeScript. */
function threadsOf(
  body: string,
  options: { threads?: number; first?: string; transfers?: string; heap?: number } = {},
): ThreadPool<number, unknown> {
  const source = `${options.first ?? ''}
    const { answerTasks } = await import(${ANSWER});
    const { RfclipError } = await import(${ERRORS});
    answerTasks(async (task: number) => { ${body} }, ${options.transfers ?? 'undefined'});`;
  const file = pathToFileURL(writeUnder(folder, `worker${files++}.mts`, source));
  return openThreadPool({
    file,
    threads: options.threads ?? 1,
    resourceLimits: options.heap === undefined ? undefined : { maxOldGenerationSizeMb: options.heap },
  });
}

/** How each of several tasks ended: its value, or the error's message. */
async function endings(pool: ThreadPool<number, unknown>, tasks: readonly number[]): Promise<unknown[]> {
  const ends = await Promise.allSettled(tasks.map((task) => pool.run(task)));
  return ends.map((end) => (end.status === 'fulfilled' ? end.value : (end.reason as Error).message));
}

describe('answers', () => {
  it('come from as many threads as asked for, each to its own task', async () => {
    const pool = threadsOf(
      `
      const { threadId } = await import('node:worker_threads');
      await new Promise((resolve) => setTimeout(resolve, 30));
      return [task, threadId];`,
      { threads: 3 },
    );
    const answers = (await endings(pool, [0, 1, 2, 3, 4, 5, 6])) as [number, number][];
    expect(answers.map(([task]) => task)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(answers.map(([, thread]) => thread)).size).toBe(3);
    await pool.close();
  });

  it('come from no more threads than any machine has use for', async () => {
    const pool = openThreadPool<number, number>({ file: pathToFileURL(join(folder, 'none.js')), threads: 1e6 });
    expect(pool.threads).toBe(64);
    await pool.close();
  });

  it('of one thread come in the order of the tasks, one at a time', async () => {
    const pool = threadsOf(`
      const state = globalThis as { running?: number };
      state.running = (state.running ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, task));
      return state.running--;`);
    const order: number[] = [];
    const answers = await Promise.all(
      [20, 0, 10, 5].map((task) => pool.run(task).then((running) => (order.push(task), running))),
    );
    expect([order, answers]).toEqual([
      [20, 0, 10, 5],
      [1, 1, 1, 1],
    ]);
    await pool.close();
  });

  it('move their buffers instead of copying them', async () => {
    const pool = threadsOf(
      `const state = globalThis as { sent?: Uint8Array };
      if (task > 0) return state.sent = new Uint8Array(task).fill(7);
      return state.sent!.byteLength;`,
      { transfers: `(value) => typeof value === 'number' ? [] : [value.buffer]` },
    );
    expect(await endings(pool, [5, 0])).toEqual([new Uint8Array(5).fill(7), 0]);
    await pool.close();
  });
});

describe('errors', () => {
  it('a user may see keep everything but their cause', async () => {
    const pool = threadsOf(
      `throw new RfclipError('it does not fit', { code: 'RFCLIP-SHAPE', where: 'resize', fix: 'make it fit', cause: ` +
        `task });`,
    );
    const error = await pool.run(1).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RfclipError);
    expect(error).toMatchObject({
      name: 'RfclipError',
      message: 'it does not fit',
      code: 'RFCLIP-SHAPE',
      where: 'resize',
      fix: 'make it fit',
    });
    await pool.close();
  });

  it.each([
    ['an error of JavaScript', `throw new RangeError('too far')`, RangeError, /^too far$/],
    ['a value that cannot be sent', `return () => task`, Error, /could not be cloned/],
  ])('that nobody foresaw stay so, and the thread goes on: %s', async (_, body, kind, message) => {
    const pool = threadsOf(`if (task === 1) ${body}; return task;`);
    const error = await pool.run(1).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect(error).not.toBeInstanceOf(RfclipError);
    expect((error as Error).message).toMatch(message);
    expect(await pool.run(2)).toBe(2);
    await pool.close();
  });
});

describe('threads that die', () => {
  it.each([
    ['end by themselves', `process.exit(3)`, undefined, /worker\d+\.mts ended by itself with exit code 3$/],
    [
      'throw outside of the task',
      `setTimeout(() => { throw new TypeError('too late'); }); await new Promise(() => {})`,
      undefined,
      /^too late$/,
    ],
    [
      'run out of memory',
      `const hold: unknown[] = []; for (;;) hold.push(new Array(1000).fill(hold.length))`,
      32,
      /memory/,
    ],
  ])('take their task with them, and another goes on: %s', async (_, body, heap, message) => {
    const pool = threadsOf(`if (task === 1) { ${body}; } return task;`, { heap });
    const ends = await endings(pool, [0, 1, 2, 3]);
    expect(ends).toEqual([0, expect.stringMatching(message), 2, 3]);
    expect(await pool.run(4)).toBe(4);
    await pool.close();
  });

  it.each([
    ['fail to start', { first: `throw new Error('no start');` }, '', /^no start$/],
    ['end while they start', { first: `process.exit(4);` }, '', /exit code 4$/],
    ['die of every task', {}, `process.exit(5)`, /exit code 5$/],
  ])('leave nobody waiting: %s', async (_, options, body, message) => {
    const pool = threadsOf(body, { threads: 2, ...options });
    const ends = [...(await endings(pool, [0, 1, 2, 3, 4])), ...(await endings(pool, [5]))];
    expect(ends).toEqual(Array.from({ length: 6 }, () => expect.stringMatching(message)));
    await pool.close();
  });

  it('a file that is not there is an error of the task', async () => {
    const pool = openThreadPool<number, number>({ file: pathToFileURL(join(folder, 'none.js')), threads: 1 });
    await expect(pool.run(1)).rejects.toThrow(/Cannot find module .*none\.js/);
    await pool.close();
  });
});

describe('closing', () => {
  it('ends threads in the middle of their work, and what waits for one', async () => {
    const pool = threadsOf(`if (task > 0) for (;;); return task;`, { threads: 2 });
    await pool.run(0);
    const ends = endings(pool, [1, 2, 3, 4]);
    await pool.close();
    expect(await ends).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(/ended$/)));
  });

  it('also while threads start or fail to', async () => {
    for (const first of ['', `throw new Error('no start');`]) {
      const pool = threadsOf('return task', { threads: 3, first });
      const ends = endings(pool, [1, 2, 3, 4]);
      await Promise.all([pool.close(), pool.close()]);
      expect((await ends).every((end) => typeof end === 'string')).toBe(true);
      await expect(pool.run(5)).rejects.toThrow('the threads were ended');
    }
  });
});

describe('closing', () => {
  it('is waited for by a process that has nothing else to do, also while threads answer', () => {
    const at = (path: string) => JSON.stringify(new URL(`../../dist/datasets/${path}`, import.meta.url).href);
    const worker = writeUnder(
      folder,
      'closed.mjs',
      `const { answerTasks } = await import(${at('threadAnswer.js')}); answerTasks(async (task) => task);`,
    );
    // The answers have come when the threads are ended, and are looked at afterwards.
    const program = `
      import { openThreadPool } from ${at('threadPool.js')};
      const pool = openThreadPool({ file: new URL(${JSON.stringify(pathToFileURL(worker).href)}), threads: 3 });
      await Promise.all([1, 2, 3].map((task) => pool.run(task)));
      for (const task of [1, 2, 3]) pool.run(task).catch(() => {});
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      await pool.close();
      console.log('closed');`;
    const main = writeUnder(folder, 'closing.mjs', program);
    for (let round = 0; round < 4; round++) {
      const { stdout, status } = spawnSync(process.execPath, [main], { encoding: 'utf8' });
      expect([stdout, status]).toEqual(['closed\n', 0]);
    }
  });
});
