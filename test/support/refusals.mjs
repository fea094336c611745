/**
 * Run in a process of its own by `test/cli/refusals.test.ts`, in an empty folder: runs the command lines of standard
 * input one after another, and prints as JSON what exit code each had and what it left in the folder.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { runProgram } from '../../dist/cli/runProgram.js';

const outcomes = [];
for (const words of JSON.parse(readFileSync(0, 'utf8'))) {
  process.exitCode = 0;
  await runProgram(words);
  const left = readdirSync('.', { recursive: true });
  for (const name of readdirSync('.')) rmSync(name, { recursive: true });
  outcomes.push({ code: process.exitCode, left });
}
process.exitCode = 0;
writeFileSync(process.argv[2], JSON.stringify(outcomes));
