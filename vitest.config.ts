import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longestFirst.ts';

/**
 * Dawn may be created only once per process, so every process keeps its modules and opens one adapter for all its files.
 * Three processes: most tests of the command line wait for one core, and would leave the other idle. On two quiet cores
 * all tests take 519 s with three, 540 s with two.
 */
export default defineConfig({
  test: {
    globalSetup: 'test/support/suiteFolder.ts',
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 3,
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
