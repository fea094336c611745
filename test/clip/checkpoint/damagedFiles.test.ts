import { expect, test } from 'vitest';
import { damagedFiles, fuzz } from './fuzzing.ts';

// `scripts/fuzz-checkpoints.mjs` tries many more.
test.each(Object.entries(damagedFiles))('%s give a file or a CheckpointError', (_, files) => {
  const { opened, refused } = fuzz(files, 120);
  expect(refused).toBeGreaterThan(0);
  expect(opened + refused).toBeGreaterThanOrEqual(120);
});
