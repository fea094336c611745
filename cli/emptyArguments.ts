import type { Command } from 'commander';
import { RequestError } from '../system/requestError.ts';

/** Whose parts of the program have their own sentences for an empty text, or a meaning. */
const OWN_SENTENCES = ['--classes', '--background', '--prefix', '--dino-prefix', '--shard'];

/**
 * Makes every command refuse empty texts, which scripts give where a variable is not set: they would stand for this
 * folder, for any adapter, for all cases.
 * @throws RequestError, when a command line is parsed, naming the flag or argument
 */
export function refuseEmptyArguments(program: Command): void {
  for (const option of program.options) {
    const { long, parseArg, argChoices } = option;
    const kind = /<(.+)>/.exec(option.flags)?.[1];
    if (kind === undefined || long == null || parseArg !== undefined || argChoices !== undefined) continue;
    if (OWN_SENTENCES.includes(long)) continue;
    option.argParser((value: string) => notEmpty(value, long, `a ${kind}`));
  }
  for (const argument of program.registeredArguments) {
    if (argument.argChoices !== undefined) continue;
    const expected = argument.description;
    argument.argParser((value: string, previous: unknown) => {
      notEmpty(value, `the argument ${argument.name()}`, expected);
      return argument.variadic ? [...(Array.isArray(previous) ? (previous as string[]) : []), value] : value;
    });
  }
  for (const command of program.commands) refuseEmptyArguments(command);
}

function notEmpty(value: string, what: string, expected: string): string {
  if (value.trim() === '') throw new RequestError(`${what} is empty, expected ${expected}`, what);
  return value;
}
