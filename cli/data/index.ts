import type { Command } from 'commander';
import { addCheckCommand } from './checkCommand.ts';
import { addPullCommand } from './pullCommand.ts';

/** Adds `rfclip data` and its subcommands. */
export function addDataCommand(program: Command): void {
  const data = program.command('data').description('fetch data sets, and check them on disk');
  addPullCommand(data);
  addCheckCommand(data);
}
