import { RfclipError } from '../engine/errors.ts';

/**
 * A request or a command line that cannot be carried out as it stands: it contradicts itself, lacks something, or names
 * what is not. The command line's exit code is then 2.
 */
export class RequestError extends RfclipError {
  /** @param where the flag or argument it is about */
  constructor(message: string, where?: string, fix?: string) {
    super(message, { code: 'RFCLIP-USAGE', where, fix });
  }
}
