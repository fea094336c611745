import { RfclipError } from '../engine/errors.ts';
import type { AbortSignalLike } from '../system/abort.ts';
import { describe } from './describe.ts';

/** Of what kind an option is; `any` where another check, or the type alone, has more to say. */
type OptionKind = 'any' | 'boolean' | 'function' | 'function or false' | 'string';

/** The kinds of all options of a function; the compiler sees to it that none is forgotten. */
export type OptionKinds<Options> = { readonly [Name in keyof Options]-?: OptionKind };

/**
 * Refuses options that do not exist, since a misspelt one would be ignored in silence, those of another kind, and a
 * signal that is none.
 * @param where the function that got them
 * @throws RfclipError (`RFCLIP-OPTIONS`) naming the first
 */
export function checkOptions<Options extends object>(options: Options, kinds: OptionKinds<Options>, where: string) {
  const fail = (sentence: string, name: string) => {
    throw new RfclipError(sentence, { code: 'RFCLIP-OPTIONS', where: name });
  };
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    return fail(`${where} was given ${describe(options)} for its options, expected an object`, 'options');
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(kinds, name)) {
      fail(`${where} has no option ${name}, expected one of ${Object.keys(kinds).sort().join(', ')}`, name);
    }
    const kind: OptionKind = kinds[name as keyof Options];
    if (value === undefined || value === null || kind === 'any' || isOf(kind, value)) continue;
    const found = typeof value === 'string' ? JSON.stringify(value) : describe(value);
    fail(`the option ${name} of ${where} is ${found}, expected ${EXPECTED[kind]}`, name);
  }
  checkSignal((options as { signal?: unknown }).signal, where);
}

/** Refuses a signal that is none. @param where the function that got it @throws RfclipError (`RFCLIP-OPTIONS`) */
export function checkSignal(signal: unknown, where: string): void {
  if (signal === undefined || isSignal(signal)) return;
  const found = signal === null ? 'null' : typeof signal;
  throw new RfclipError(`the option signal of ${where} is of type ${found}, expected an AbortSignal`, {
    code: 'RFCLIP-OPTIONS',
    where: 'signal',
  });
}

const EXPECTED = {
  boolean: 'true or false',
  function: 'a function',
  'function or false': 'a function or false',
  string: 'a text',
};

function isOf(kind: Exclude<OptionKind, 'any'>, value: unknown): boolean {
  return kind === 'function or false' ? value === false || typeof value === 'function' : typeof value === kind;
}

/** Whether it can be used as one; not `instanceof`, which is false for those of another realm. */
function isSignal(value: unknown): value is AbortSignalLike {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignalLike>;
  return typeof aborted === 'boolean' && [addEventListener, removeEventListener].every((f) => typeof f === 'function');
}
