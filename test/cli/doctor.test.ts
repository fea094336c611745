import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('doctor tells which family of kernels is wrong, and ends with 1', () => {
  const script = fileURLToPath(new URL('../support/doctorOfBrokenDriver.ts', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', script], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stdout).toMatch(/^precision +f(32|16)/m);
  expect(stdout).toMatch(/^matmul +\[197, 768\] x \[768, 768\]: .* ok, .* GFLOP\/s$/m);
  expect(stdout).toMatch(/^attention +2 heads of \[70, 64\]: largest error .* ok$/m);
  expect(stdout).toMatch(/^labels +.* WRONG$/m);
});
