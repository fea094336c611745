import { RfclipError } from '../../engine/errors.ts';

/** Files of a data set that could not be got. */
export class PullError extends RfclipError {
  constructor(message: string, where: string, options: { cause?: unknown; fix?: string } = {}) {
    super(message, { code: 'RFCLIP-PULL', where, ...options });
  }
}
