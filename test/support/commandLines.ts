import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { makeProgram } from '../../cli/program.ts';
import { root } from './house.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Flags of `npm run bench`, whose program runs when it is loaded. */
const benchSource = readFileSync(join(root, 'bench/main.ts'), 'utf8');
const BENCH_FLAGS = [...benchSource.matchAll(/\.option\('(--[\w-]+)/g)].map(([, flag]) => flag);

/** What commander says of a complete command line; undefined for a right one, or one of another program. */
export function problemOf(words: readonly string[]): string | undefined {
  const call = rfclipCall(words);
  if (call === undefined) return undefined;
  if ('problem' in call) return call.problem;
  const program = makeProgram();
  forEachCommand(program, (command) => {
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command.commands.length === 0) command.action(() => {});
  });
  try {
    program.parse(call.args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) return error.message;
  }
  return undefined;
}

/**
 * What is wrong with a command that is only mentioned: arguments may be missing, and stand-ins such as NAME may take
 * their place.
 */
export function problemOfMention(words: readonly string[]): string | undefined {
  const call = rfclipCall(words);
  if (call === undefined) return undefined;
  if ('problem' in call) return call.problem;
  let command: Command = makeProgram();
  const rest = [...call.args];
  while (command.commands.length > 0 && rest.length > 0 && /^[a-z]/.test(rest[0])) {
    const found = command.commands.find((sub) => sub.name() === rest[0]);
    if (found === undefined) return `there is no command ${rest[0]}`;
    command = found;
    rest.shift();
  }
  if (command.commands.length > 0) return undefined;
  const strange = rest.find((word) => word.startsWith('--') && word !== '--help' && !flagsOf(command).includes(word));
  return strange === undefined ? undefined : `${command.name()} has no flag ${strange}`;
}

/** Every flag of any command, and of the scripts that take some. */
export function everyFlag(): string[] {
  const flags = ['--help', '--stdout', ...BENCH_FLAGS];
  forEachCommand(makeProgram(), (command) => flags.push(...flagsOf(command)));
  return flags;
}

/** Arguments of rfclip in a call of it or of a script of this package; undefined for other programs. */
function rfclipCall(words: readonly string[]): { args: string[] } | { problem: string } | undefined {
  const [first, second, script, dashes, ...rest] = words;
  if (first === 'rfclip') return { args: words.slice(1) };
  if (first === 'npx' && second === 'rfclip') return { args: words.slice(2) };
  if (first !== 'npm' || second !== 'run') return undefined;
  if (scripts[script] === undefined) return { problem: `there is no script ${script}` };
  if (dashes !== undefined && dashes !== '--') return { problem: `npm run ${script} needs -- before ${dashes}` };
  if (script === 'rfclip' || script === 'dev') return { args: rest };
  if (script === 'demo') return { args: ['demo', ...rest] };
  const strange = script === 'bench' && rest.find((word) => word.startsWith('--') && !BENCH_FLAGS.includes(word));
  return strange ? { problem: `bench has no flag ${strange}` } : undefined;
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []);
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const sub of command.commands) forEachCommand(sub, visit);
}
