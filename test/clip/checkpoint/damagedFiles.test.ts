import { expect, test } from 'vitest';
import { damagedFiles } from './damaging.ts';
import { fuzz } from './fuzzing.ts';

// `node scripts/soak.mjs --only checkpoints` tries many more.
test.each(Object.entries(damagedFiles))('%s give a file or a CheckpointError', (_, files) => {
  const { opened, refused } = fuzz(files, 120);
  expect(refused).toBeGreaterThan(0);
  expect(opened + refused).toBeGreaterThanOrEqual(120);
});
