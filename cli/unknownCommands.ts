import type { Command } from 'commander';
import { RequestError } from '../system/requestError.ts';

const HELP = ['-h', '--help'];

/**
 * The words of a command line, without a call for help where they name no command: commander would answer that with the
 * help of all commands and success, and not say that there is no such command.
 * @param words without Node and script
 * @throws RequestError for an empty name
 */
export function checkCommandNames(program: Command, words: readonly string[]): string[] {
  let command = program;
  for (const [index, word] of words.entries()) {
    if (command.commands.length === 0) break;
    const isHelp = word === 'help' && words[index + 1] !== undefined;
    if (isHelp || (word.startsWith('-') && word !== '-')) continue;
    const names = command.commands.map((one) => one.name());
    if (word.trim() === '')
      throw new RequestError(`the name of the command is empty, expected one of ${names.join(', ')}`, 'command');
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined && word !== 'help') {
      const before = words.slice(0, index).filter((one) => one !== 'help');
      return [...before, ...words.slice(index)].filter((one) => !HELP.includes(one));
    }
    if (next === undefined) break;
    command = next;
  }
  return [...words];
}
