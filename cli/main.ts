#!/usr/bin/env node
import { isatty } from 'node:tty';
import { CommanderError } from 'commander';
import { describeFailure } from '../system/describeFailure.ts';
import { packageRoot } from '../system/packageRoot.ts';
import { errorOutput, makeConsole } from './console.ts';
import { exitCodeOf } from './failure.ts';
import { programFor } from './programFor.ts';
import { checkCommandNames } from './unknownCommands.ts';
import { standWhereThePersonStands } from './workingFolder.ts';

// Before any path is looked at.
standWhereThePersonStands(process.env, packageRoot());

// Before Dawn is loaded, and while this thread is the only one.
errorOutput();
process.on('uncaughtException', (error) => {
  makeConsole({ json: false }).failure(describeFailure(error));
  process.exit(1);
});
// Node forgets that nohup had this signal ignored. Without any terminal, there is none whose end it could tell of.
if (![0, 1, 2].some((descriptor) => isatty(descriptor)) && !errorOutput().isTerminal) process.on('SIGHUP', () => {});

try {
  const words = process.argv.slice(2);
  const program = await programFor(words);
  await program.parseAsync(checkCommandNames(program, words), { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already written its sentence; --help and --version end here too, with code 0.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    makeConsole({ json: false }).failure(describeFailure(error));
    process.exitCode = exitCodeOf(error);
  }
}
