import type { Command } from 'commander';
import { addCheckCommand } from './checkCommand.ts';

/** Adds `rfclip data` and its subcommands. */
export function addDataCommand(program: Command): void {
  const data = program.command('data').description('check data sets on disk');
  addCheckCommand(data);
}
