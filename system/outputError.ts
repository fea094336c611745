import { RfclipError } from '../engine/errors.ts';

/** A result file that could not be written. */
export class OutputError extends RfclipError {
  constructor(path: string, problem: string, cause?: unknown) {
    super(`${path} cannot be written: ${problem}`, { code: 'RFCLIP-WRITE', where: path, cause });
  }
}
