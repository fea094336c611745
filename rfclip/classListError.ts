import { RfclipError } from '../engine/errors.ts';

/** A class list that cannot be used; the message names the argument, or the file and line. */
export class ClassListError extends RfclipError {
  constructor(message: string, where: string, fix?: string) {
    super(message, { code: 'RFCLIP-CLASSES', where, fix });
  }
}
