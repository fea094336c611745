import { openThreadPool, type ThreadPoolOptions, workerBeside } from '../../datasets/threadPool.ts';
import { decodeMemoryError, isOutOfMemory } from './decodeMemory.ts';
import type { PairTask } from './pairLoaderWorker.ts';
import type { PairLoader, PreparedPair } from './preparePair.ts';

/** A loader that works in threads of its own. */
export interface ThreadedPairLoader {
  load: PairLoader;
  /** Images to have on their way so that no thread waits: one each, and one that is ready when the device asks. */
  ahead: number;
  /** Ends the threads at once; what is being loaded rejects. */
  close(): Promise<void>;
}

/**
 * Threads that run `preparePair`, started by the first calls. `load` rejects as that function throws, and with an
 * RfclipError if a pair is too much for the heap of a thread.
 *
 * @param options.threads at least 1
 * @param options.file, options.resourceLimits other threads, for tests
 */
export function openPairLoader({
  threads,
  file = workerBeside(import.meta.url, 'pairLoaderWorker'),
  resourceLimits,
}: { threads: number } & Partial<ThreadPoolOptions>): ThreadedPairLoader {
  const pool = openThreadPool<PairTask, PreparedPair>({ file, threads, resourceLimits });
  return {
    load: (pair, settings) =>
      pool.run({ pair, settings }).catch((error: unknown) => {
        throw isOutOfMemory(error) ? decodeMemoryError(pair.image, error) : error;
      }),
    ahead: pool.threads + 1,
    close: pool.close,
  };
}
