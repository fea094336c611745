import { openPairLoader, type ThreadedPairLoader } from '../evaluation/loading/pairLoaderPool.ts';
import { preparePair } from '../evaluation/loading/preparePair.ts';

/** A way to load pairs, and its name in tables. */
export interface LoaderUnderTest extends ThreadedPairLoader {
  /** 0: on the main thread. */
  threads: number;
}

/** Numbers of threads that are compared. */
export const THREADS = [0, 1, 2, 4] as const;

/** The loader with so many threads. */
export function openLoader(threads: number): LoaderUnderTest {
  if (threads > 0) return { threads, ...openPairLoader({ threads }) };
  return { threads, load: preparePair, ahead: 2, close: async () => {} };
}
