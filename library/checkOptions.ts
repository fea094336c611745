import { RfclipError } from '../engine/errors.ts';

/** The names of all options of a function; the compiler sees to it that none is forgotten. */
export type OptionNames<Options> = { readonly [Name in keyof Options]-?: true };

/**
 * Refuses options that do not exist: a misspelt one would be ignored in silence.
 * @param where the function that got them
 * @throws RfclipError (`RFCLIP-OPTIONS`) naming the first
 */
export function checkOptions<Options extends object>(options: Options, names: OptionNames<Options>, where: string) {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  throw new RfclipError(`${where} has no option ${unknown}, expected one of ${Object.keys(names).sort().join(', ')}`, {
    code: 'RFCLIP-OPTIONS',
    where: unknown,
  });
}
