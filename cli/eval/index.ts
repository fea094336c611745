import type { Command } from 'commander';
import { addEvalCommand } from './evalCommand.ts';
import { addMergeCommand } from './mergeCommand.ts';

/** Adds `rfclip eval` and `rfclip merge`. */
export function addEvalCommands(program: Command): void {
  addEvalCommand(program);
  addMergeCommand(program);
}
