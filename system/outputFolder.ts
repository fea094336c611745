import { accessSync, constants } from 'node:fs';
import { RfclipError } from '../engine/errors.ts';
import { makeProblem } from './asOutputError.ts';
import { makeFolders } from './makeFolders.ts';

/**
 * Makes the folder that results go to, with those above it, and checks that it can be written.
 * @throws RfclipError naming the folder and the reason.
 */
export function makeOutputFolder(out: string): void {
  const fail = (problem: string, cause?: unknown): never => {
    throw new RfclipError(`the output folder ${out} cannot be used: ${problem}`, {
      code: 'RFCLIP-OUTPUT',
      where: '--out',
      cause,
    });
  };
  try {
    makeFolders(out);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    fail(code === 'ENOTDIR' ? `${path} is not a folder` : `${path} cannot be made${makeProblem(cause)}`, cause);
  }
  try {
    accessSync(out, constants.W_OK);
  } catch (cause) {
    fail('it may not be written to', cause);
  }
}
