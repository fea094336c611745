import { CommanderError } from 'commander';
import { describeFailure } from '../system/describeFailure.ts';
import { removeUnusedFolders } from '../system/makeFolders.ts';
import { makeConsole } from './console.ts';
import { exitCodeOf } from './failure.ts';
import { programFor } from './programFor.ts';
import { checkCommandNames } from './unknownCommands.ts';

/**
 * Runs a command line, says what went wrong with it, and sets the exit code of the process. A command that comes to
 * nothing leaves no folder behind that it made.
 * @param words the command line without Node and script
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  try {
    const program = await programFor(words);
    await program.parseAsync(checkCommandNames(program, [...words]), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already written its sentence; --help and --version end here too, with code 0.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
    } else {
      makeConsole({ json: false }).failure(describeFailure(error));
      process.exitCode = exitCodeOf(error);
    }
  }
  if (process.exitCode !== undefined && process.exitCode !== 0) removeUnusedFolders();
}
