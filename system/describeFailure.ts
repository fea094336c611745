import { RfclipError } from '../engine/errors.ts';

/**
 * What a person reads about a failure: one sentence, and the way out on a second line where there is one. An error that
 * nobody foresaw is named as such; its stack is shown only with RFCLIP_DEBUG set.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof RfclipError) return error.fix === undefined ? error.message : `${error.message}\n  ${error.fix}`;
  if (!(error instanceof Error)) return `unexpected failure: ${String(error)}`;
  const details = process.env.RFCLIP_DEBUG === undefined ? error.message : (error.stack ?? error.message);
  return `unexpected failure (please report it): ${details}`;
}
