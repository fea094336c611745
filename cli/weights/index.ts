import type { Command } from 'commander';
import { addConvertCommand } from './convertCommand.ts';
import { addInfoCommand } from './infoCommand.ts';
import { addListCommand } from './listCommand.ts';
import { addPullCommand } from './pullCommand.ts';
import { addVerifyCommand } from './verifyCommand.ts';

/** Adds `rfclip weights` and its subcommands. */
export function addWeightsCommand(program: Command): void {
  const weights = program.command('weights').description('list, fetch, inspect, convert and verify checkpoints');
  addListCommand(weights);
  addPullCommand(weights);
  addInfoCommand(weights);
  addConvertCommand(weights);
  addVerifyCommand(weights);
}
