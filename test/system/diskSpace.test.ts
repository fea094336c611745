import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freeBytes } from '../../system/diskSpace.ts';

test('a folder that is not there has the room of the one above it', () => {
  const free = freeBytes(tmpdir());
  expect(free).toBeGreaterThan(0);
  // Others write meanwhile.
  expect(freeBytes(join(tmpdir(), 'no', 'such', 'folder')) / free).toBeCloseTo(1, 1);
});

test('a file system that does not tell has room', () => {
  expect(freeBytes('/proc/self')).toBe(process.platform === 'linux' ? Infinity : freeBytes('/'));
});
