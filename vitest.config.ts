import { defineConfig } from 'vitest/config';

/** Dawn may be created only once per process and one adapter serves all GPU files: forks, one worker at a time. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
