import { RfclipError } from '../engine/errors.ts';

/** A data set that cannot be used as it lies on disk. The message names the file or folder. */
export class DatasetError extends RfclipError {
  /**
   * @param message one sentence: what was found and what was expected
   * @param where the file or folder
   */
  constructor(message: string, where: string, details: { fix?: string; cause?: unknown } = {}) {
    super(message, { code: 'RFCLIP-DATASET', where, ...details });
  }
}
