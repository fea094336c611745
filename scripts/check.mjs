// Types, oxlint and Prettier beside each other: Prettier takes one core as long as all else together.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const CHECKS = [
  ['typescript/bin/tsc', '-p', 'tsconfig.test.json'],
  ['typescript/bin/tsc', '-p', 'web'],
  ['oxlint/bin/oxlint', '--deny-warnings'],
  ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
];

/** Runs a program of a package. What it prints stays together. @returns {Promise<boolean>} whether it found nothing */
function passes([program, ...args]) {
  const child = spawn(process.execPath, [join(root, 'node_modules', program), ...args], { cwd: root });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) =>
    child.on('close', (code) => {
      process.stdout.write(output);
      resolve(code === 0);
    }),
  );
}

const passed = await Promise.all(CHECKS.map(passes));
if (passed.includes(false)) process.exitCode = 1;
