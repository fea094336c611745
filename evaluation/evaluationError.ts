import { RfclipError } from '../engine/errors.ts';

/** An evaluation that cannot start, go on or be merged. The message names the file, folder or variable. */
export class EvaluationError extends RfclipError {
  /**
   * @param message one sentence: what was found and what was expected
   * @param where the file, folder, flag or variable
   */
  constructor(message: string, where: string, details: { fix?: string; cause?: unknown } = {}) {
    super(message, { code: 'RFCLIP-EVALUATION', where, ...details });
  }
}
