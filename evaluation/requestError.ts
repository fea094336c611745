import { RfclipError } from '../engine/errors.ts';

/** A request that cannot be carried out as it stands: it contradicts itself, lacks something, or names what is not. */
export class RequestError extends RfclipError {
  /** @param where the flag or argument it is about */
  constructor(message: string, where?: string, fix?: string) {
    super(message, { code: 'RFCLIP-USAGE', where, fix });
  }
}
