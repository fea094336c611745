import { Worker } from 'node:worker_threads';
import { readAnswer, type ThreadAnswer } from './threadAnswer.ts';

/** Threads that each do one task at a time. */
export interface ThreadPool<Task, Result> {
  /** The most threads at a time: what was asked for, but at most 64. */
  readonly threads: number;
  /**
   * Has a task done by the first thread that is free; tasks begin in the order of the calls.
   * Rejects with what the thread threw (an RfclipError as it was, anything else as a structured clone leaves it), or
   * with the reason why it died.
   */
  run(task: Task): Promise<Result>;
  /** Ends the threads at once, also in the middle of a task; whatever is not done rejects. */
  close(): Promise<void>;
}

/** What is used of a `URL` of a file, so that these types need no library that declares it. */
export interface FileUrl {
  readonly href: string;
}

/** How to open a pool. */
export interface ThreadPoolOptions {
  /** A file that calls `answerTasks`. */
  file: FileUrl;
  /** How many to have, at least 1. */
  threads: number;
  /** Bounds of a thread's heap, in MB; default: Node's own. */
  resourceLimits?: { maxOldGenerationSizeMb?: number };
}

/**
 * A thread that decodes takes some 50 MiB; more of them than any machine has processors for would only fill its memory.
 */
const MOST_THREADS = 64;

interface Job<Task, Result> {
  task: Task;
  resolve(value: Result): void;
  reject(reason: unknown): void;
}

/**
 * Threads are started when there is work for them. One that dies, however it does, takes its task with it, and another
 * is started for the next task: so every task has an end. (Tinypool waits for ever for a thread that ends without an
 * error.) Idle threads do not keep the process from ending.
 */
export function openThreadPool<Task, Result>(options: ThreadPoolOptions): ThreadPool<Task, Result> {
  const threads = Math.min(options.threads, MOST_THREADS);
  const waiting: Job<Task, Result>[] = [];
  const current = new Map<Worker, Job<Task, Result> | undefined>();
  let closing: Promise<unknown> | undefined;

  const takeNext = (thread: Worker): void => {
    const job = waiting.shift();
    current.set(thread, job);
    if (job === undefined) {
      // One that answers while it is being ended is waited for: the process must not end before `close` is through.
      if (closing === undefined) thread.unref();
      return;
    }
    thread.ref();
    thread.postMessage(job.task);
  };

  const start = (): void => {
    const thread = startThread(options);
    let failure: unknown;
    thread.on('message', (answer: ThreadAnswer<Result>) => {
      const job = current.get(thread);
      takeNext(thread);
      try {
        job?.resolve(readAnswer(answer));
      } catch (error) {
        job?.reject(error);
      }
    });
    thread.on('error', (error) => (failure = error));
    thread.on('exit', (code) => {
      const job = current.get(thread);
      current.delete(thread);
      job?.reject(
        failure ??
          new Error(
            closing === undefined
              ? `a thread of ${new URL(options.file.href).pathname} ended by itself with exit code ${code}`
              : 'its thread was ended',
          ),
      );
      if (waiting.length > 0) start();
    });
    takeNext(thread);
  };

  return {
    threads,
    run: (task) =>
      new Promise((resolve, reject) => {
        if (closing !== undefined) throw new Error('the threads were ended');
        waiting.push({ task, resolve, reject });
        const idle = [...current].find(([, job]) => job === undefined);
        if (idle !== undefined) takeNext(idle[0]);
        else if (current.size < threads) start();
      }),
    close: async () => {
      for (const { reject } of waiting.splice(0)) reject(new Error('the threads were ended'));
      await (closing ??= Promise.all([...current.keys()].map((thread) => thread.terminate())));
    },
  };
}

function startThread({ file, resourceLimits }: ThreadPoolOptions): Worker {
  const url = new URL(file.href);
  if (!/\.m?ts$/.test(url.pathname)) return new Worker(url, { resourceLimits });
  // Node 20 reads TypeScript only with tsx, and a thread does not inherit that.
  const [tsx, worker] = [import.meta.resolve('tsx/esm/api'), url.href].map((address) => JSON.stringify(address));
  return new Worker(`import(${tsx}).then(({ register }) => (register(), import(${worker})));`, {
    eval: true,
    resourceLimits,
  });
}

/** The address of a worker file beside a module, compiled or not as the module is. `name` is without suffix. */
export function workerBeside(module: string, name: string): FileUrl {
  return new URL(`./${name}${module.endsWith('.ts') ? '.ts' : '.js'}`, module);
}
