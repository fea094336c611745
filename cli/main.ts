#!/usr/bin/env node
import { CommanderError } from 'commander';
import { describeFailure } from '../system/describeFailure.ts';
import { errorOutput, makeConsole } from './console.ts';
import { exitCodeOf } from './failure.ts';
import { makeProgram } from './program.ts';

// Before Dawn is loaded, and while this thread is the only one.
errorOutput();
process.on('uncaughtException', (error) => {
  makeConsole({ json: false }).failure(describeFailure(error));
  process.exit(1);
});
// Whoever reads the output may have seen enough (| head); files are still to be written.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await makeProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already written its sentence; --help and --version end here too, with code 0.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    makeConsole({ json: false }).failure(describeFailure(error));
    process.exitCode = exitCodeOf(error);
  }
}
