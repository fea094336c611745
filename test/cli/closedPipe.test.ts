import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

test('a reader who has seen enough of the output is no failure', async () => {
  const child = spawn(process.execPath, [main, 'eval', '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  // Closed before anything is written, so that the first write finds nobody.
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
