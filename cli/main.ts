#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { addAblateCommand } from './ablate.ts';
import { addCalibrateCommand } from './calibrate.ts';
import { addConformanceCommand } from './conformance.ts';
import { addConvertCommand } from './convert/index.ts';
import { addDataCommand } from './data/index.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { addEvalCommands } from './eval/index.ts';
import { exitCodeOf } from './failure.ts';
import { errorOutput, makeConsole } from './console.ts';
import { addSegmentCommand } from './segment.ts';
import { describeFailure } from '../system/describeFailure.ts';
import { packageRoot } from '../system/packageRoot.ts';
import { addWeightsCommand } from './weights/index.ts';

const { version } = createRequire(import.meta.url)(`${packageRoot()}/package.json`) as { version: string };

const program = new Command('rfclip')
  .description('Open-vocabulary image segmentation with RF-CLIP on WebGPU: name the classes, get a label map.')
  .version(version)
  .showHelpAfterError('(run with --help for the options)')
  .exitOverride()
  .configureOutput({ writeErr: (text) => errorOutput().write(text) })
  .configureHelp({ sortSubcommands: false });
addSegmentCommand(program);
addWeightsCommand(program);
addDemoCommand(program);
addAblateCommand(program);
addDataCommand(program);
addConvertCommand(program);
addCalibrateCommand(program);
addEvalCommands(program);
addDoctorCommand(program);
addConformanceCommand(program);

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
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has already written its sentence; --help and --version end here too, with code 0.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    makeConsole({ json: false }).failure(describeFailure(error));
    process.exitCode = exitCodeOf(error);
  }
}
