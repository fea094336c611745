import { RfclipError } from '../../engine/errors.ts';
import type { Problem } from '../state/appState.ts';

/** What the library says where there is no GPU to be had. */
export const NO_ADAPTER = 'RFCLIP-NO-ADAPTER';

/** What is said of an error: its sentence, with a capital and a full stop. */
export function problemOf(error: unknown): Problem {
  const { message } = Object(error) as { message?: unknown };
  const text = typeof message === 'string' && message !== '' ? message : String(error);
  const { code, fix } = error instanceof RfclipError ? error : { code: undefined, fix: undefined };
  return { message: sentence(text), code, fix: fix === undefined ? undefined : sentence(fix) };
}

/** With a capital and a full stop. */
export function sentence(text: string): string {
  // Names of files keep their letters.
  const first = /^[a-z]+\s/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
