import { RfclipError } from '../engine/errors.ts';
import type { AbortSignalLike } from '../system/abort.ts';

/** The names of all options of a function; the compiler sees to it that none is forgotten. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/**
 * Refuses options that do not exist, since a misspelt one would be ignored in silence, and a signal that is none.
 * @param where the function that got them
 * @throws RfclipError (`RFCLIP-OPTIONS`) naming the first
 */
export function checkOptions<Options extends object>(options: Options, names: OptionNames<Options>, where: string) {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown !== undefined) {
    throw new RfclipError(
      `${where} has no option ${unknown}, expected one of ${Object.keys(names).sort().join(', ')}`,
      {
        code: 'RFCLIP-OPTIONS',
        where: unknown,
      },
    );
  }
  const { signal } = options as { signal?: unknown };
  if (signal !== undefined && !isSignal(signal)) {
    const found = signal === null ? 'null' : typeof signal;
    throw new RfclipError(`the option signal of ${where} is of type ${found}, expected an AbortSignal`, {
      code: 'RFCLIP-OPTIONS',
      where: 'signal',
    });
  }
}

/** Whether it can be used as one; not `instanceof`, which is false for those of another realm. */
function isSignal(value: unknown): value is AbortSignalLike {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignalLike>;
  return typeof aborted === 'boolean' && [addEventListener, removeEventListener].every((f) => typeof f === 'function');
}
