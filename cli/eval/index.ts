import type { Command } from 'commander';
import { addCompareCommand } from './compareCommand.ts';
import { addEvalCommand } from './evalCommand.ts';
import { addMergeCommand } from './mergeCommand.ts';

/** Adds `rfclip eval`, `rfclip merge` and `rfclip compare`. */
export function addEvalCommands(program: Command): void {
  addEvalCommand(program);
  addMergeCommand(program);
  addCompareCommand(program);
}
