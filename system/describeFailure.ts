import { RfclipError } from '../engine/errors.ts';
import { asOutputError } from './asOutputError.ts';

/**
 * What a person reads about a failure: one sentence, and the way out on a second line where there is one. An error that
 * nobody foresaw is named as such, but for a full disk; its stack is shown only with RFCLIP_DEBUG set.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof RfclipError) return error.fix === undefined ? error.message : `${error.message}\n  ${error.fix}`;
  if (isFullDisk(error)) return asOutputError(error, error.path ?? 'a file').message;
  if (!(error instanceof Error)) return `unexpected failure: ${String(error)}`;
  const details = process.env.RFCLIP_DEBUG === undefined ? error.message : (error.stack ?? error.message);
  return `unexpected failure (please report it): ${details}`;
}

function isFullDisk(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}
