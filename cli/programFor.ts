import type { Command } from 'commander';
import { bareProgram } from './bareProgram.ts';
import { refuseEmptyArguments } from './emptyArguments.ts';

/** Commands that can be loaded alone. `completion` is not among them: it describes all. */
const ALONE: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  segment: async () => (await import('./segment.ts')).addSegmentCommand,
  weights: async () => (await import('./weights/index.ts')).addWeightsCommand,
  demo: async () => (await import('./demo.ts')).addDemoCommand,
  explain: async () => (await import('./explain.ts')).addExplainCommand,
  ablate: async () => (await import('./ablate.ts')).addAblateCommand,
  data: async () => (await import('./data/index.ts')).addDataCommand,
  convert: async () => (await import('./convert/index.ts')).addConvertCommand,
  calibrate: async () => (await import('./calibrate.ts')).addCalibrateCommand,
  eval: async () => (await import('./eval/evalCommand.ts')).addEvalCommand,
  merge: async () => (await import('./eval/mergeCommand.ts')).addMergeCommand,
  compare: async () => (await import('./eval/compareCommand.ts')).addCompareCommand,
  reproduce: async () => (await import('./reproduce.ts')).addReproduceCommand,
  cache: async () => (await import('./cache/index.ts')).addCacheCommand,
  setup: async () => (await import('./setup.ts')).addSetupCommand,
  doctor: async () => (await import('./doctor.ts')).addDoctorCommand,
  conformance: async () => (await import('./conformance.ts')).addConformanceCommand,
};

/** Their names. */
export const LONE_COMMANDS: readonly string[] = Object.keys(ALONE);

/**
 * The program with all that a command line needs: the one command that it names, or every command where it names none
 * or one that is not known. Loading all 550 modules of all commands would take longer than most commands run.
 * @param words the command line without Node and script
 */
export async function programFor(words: readonly string[]): Promise<Command> {
  // No flag of the program itself takes a value.
  const name = words.find((word) => !word.startsWith('-')) ?? '';
  if (!Object.hasOwn(ALONE, name)) return (await import('./program.ts')).makeProgram();
  const program = bareProgram();
  (await ALONE[name]())(program);
  refuseEmptyArguments(program);
  return program;
}
