import type { Command } from 'commander';
import { addContextCommand } from './contextCommand.ts';
import { addMaskCommands } from './maskCommands.ts';

/** Adds `rfclip convert` and its subcommands. */
export function addConvertCommand(program: Command): void {
  const convert = program
    .command('convert')
    .description('make the label maps of benchmarks from their original annotations');
  addMaskCommands(convert);
  addContextCommand(convert);
}
