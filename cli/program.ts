import type { Command } from 'commander';
import { addAblateCommand } from './ablate.ts';
import { bareProgram } from './bareProgram.ts';
import { addCacheCommand } from './cache/index.ts';
import { addCalibrateCommand } from './calibrate.ts';
import { addCompletionCommand } from './completion/index.ts';
import { addConformanceCommand } from './conformance.ts';
import { addConvertCommand } from './convert/index.ts';
import { addDataCommand } from './data/index.ts';
import { addDemoCommand } from './demo.ts';
import { addDoctorCommand } from './doctor.ts';
import { refuseEmptyArguments } from './emptyArguments.ts';
import { addEvalCommands } from './eval/index.ts';
import { addExplainCommand } from './explain.ts';
import { addReproduceCommand } from './reproduce.ts';
import { addSegmentCommand } from './segment.ts';
import { addSetupCommand } from './setup.ts';
import { addWeightsCommand } from './weights/index.ts';

/** The command line as commander knows it: every command with its arguments and flags. Nothing runs yet. */
export function makeProgram(): Command {
  const program = bareProgram();
  addSegmentCommand(program);
  addWeightsCommand(program);
  addDemoCommand(program);
  addExplainCommand(program);
  addAblateCommand(program);
  addDataCommand(program);
  addConvertCommand(program);
  addCalibrateCommand(program);
  addEvalCommands(program);
  addReproduceCommand(program);
  addCacheCommand(program);
  addSetupCommand(program);
  addDoctorCommand(program);
  addConformanceCommand(program);
  addCompletionCommand(program);
  refuseEmptyArguments(program);
  return program;
}
