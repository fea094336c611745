#!/usr/bin/env node
import { isatty } from 'node:tty';
import { describeFailure } from '../system/describeFailure.ts';
import { removeUnusedFolders } from '../system/makeFolders.ts';
import { packageRoot } from '../system/packageRoot.ts';
import { errorOutput, makeConsole } from './console.ts';
import { runProgram } from './runProgram.ts';
import { standWhereThePersonStands } from './workingFolder.ts';

// Before any path is looked at.
standWhereThePersonStands(process.env, packageRoot());

// Before Dawn is loaded, and while this thread is the only one.
errorOutput();
process.on('uncaughtException', (error) => {
  makeConsole({ json: false }).failure(describeFailure(error));
  removeUnusedFolders();
  process.exit(1);
});
// Node forgets that nohup had this signal ignored. Without any terminal, there is none whose end it could tell of.
if (![0, 1, 2].some((descriptor) => isatty(descriptor)) && !errorOutput().isTerminal) process.on('SIGHUP', () => {});

await runProgram(process.argv.slice(2));
