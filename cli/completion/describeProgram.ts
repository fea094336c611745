import type { Argument, Command, Option } from 'commander';
import { DATA_SET_NAMES } from '../../datasets/dataSet.ts';
import { ALL_BENCHMARKS } from '../../evaluation/plan.ts';
import { KNOWN_CHECKPOINTS } from '../../weights/knownCheckpoints.ts';
import { SHIPPED_CHECKPOINTS } from '../../weights/shippedCheckpoints.ts';

/** What may stand in a place of the command line. */
export interface Candidates {
  /** None of them has spaces or signs that a shell reads. */
  words: readonly string[];
  /** Whether the name of a file or folder may stand there too. */
  files: boolean;
}

/** A flag, and what may follow it. */
export interface FlagPlace {
  /** `--out`, and `-o` where there is one. */
  names: readonly string[];
  description: string;
  /** Absent for a flag without a value. */
  value?: Candidates;
}

/** What may stand after a command. */
export interface CommandPlace {
  /** Words that lead here with a slash before each; empty for the program itself. */
  path: string;
  commands: readonly { name: string; description: string }[];
  flags: readonly FlagPlace[];
  /** Of all its arguments. */
  arguments: Candidates;
}

const CHECKPOINTS = KNOWN_CHECKPOINTS.map(({ name }) => name);
/** Those that open a model. */
const NAMED_CHECKPOINTS = [...SHIPPED_CHECKPOINTS.map(({ name }) => name), ...CHECKPOINTS];
/** Names that arguments list in their descriptions. */
const KNOWN_NAMES = [...CHECKPOINTS, ...DATA_SET_NAMES, ALL_BENCHMARKS];
/** What a value is called that is no file. */
const NO_FILES = /name|pixels|probability|number|count|text|data set|shell|list|i\/n|type|megapixels/i;
/** Flags that take the name of a checkpoint, too. */
const CHECKPOINT_FLAGS = new Map([
  ['--checkpoint', NAMED_CHECKPOINTS],
  ['--dino', CHECKPOINTS],
]);

/** Every place of the program's command line, the program's own first. */
export function describeProgram(program: Command): CommandPlace[] {
  const shared = program.options.filter(({ long }) => long !== '--version');
  const visit = (command: Command, path: string): CommandPlace[] => [
    {
      path,
      commands: command.commands.map((sub) => ({ name: sub.name(), description: sub.description() })),
      flags: [...command.options, ...(command === program ? [] : shared)]
        .filter(({ hidden }) => !hidden)
        .map(describeFlag)
        .concat(HELP),
      arguments: {
        words: [...new Set(command.registeredArguments.flatMap(wordsOf))],
        files: command.registeredArguments.some((argument) => takesFiles(argument.name(), argument.argChoices)),
      },
    },
    ...command.commands.flatMap((sub) => visit(sub, `${path}/${sub.name()}`)),
  ];
  return visit(program, '');
}

const HELP: FlagPlace = { names: ['--help', '-h'], description: 'display help for command' };

function describeFlag({ long, short, flags, description, argChoices }: Option): FlagPlace {
  const names = [long, short].filter((name) => name != null);
  const kind = /[<[](.+)[>\]]/.exec(flags)?.[1];
  if (kind === undefined) return { names, description };
  const words = argChoices ?? CHECKPOINT_FLAGS.get(long ?? '') ?? [];
  return { names, description, value: { words, files: takesFiles(kind, argChoices) } };
}

function wordsOf(argument: Argument): readonly string[] {
  const { description, argChoices } = argument;
  if (argChoices !== undefined) return argChoices;
  if (description.includes('a pulled one')) return NAMED_CHECKPOINTS;
  if (takesFiles(argument.name(), argChoices)) return [];
  const mentioned = description.split(/[\s,;"]+/);
  return KNOWN_NAMES.filter((name) => mentioned.includes(name));
}

function takesFiles(kind: string, choices: readonly string[] | undefined): boolean {
  return choices === undefined && !NO_FILES.test(kind);
}
