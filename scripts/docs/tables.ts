import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import * as z from 'zod';
import { makeProgram } from '../../cli/program.ts';
import { BENCHMARKS } from '../../datasets/benchmarks/index.ts';
import { type Method, METHODS } from '../../rfclip/methods/index.ts';
import { DEFAULT_SETTINGS, partialSettingsSchema, type Settings } from '../../rfclip/settings.ts';
import type { Limits } from '../../system/describeMisfit.ts';
import { KNOWN_CHECKPOINTS } from '../../weights/knownCheckpoints.ts';

const TABLES: Record<string, () => string> = {
  checkpoints: checkpointTable,
  commands: commandTable,
  'data-sets': dataSetTable,
  methods: methodTable,
  settings: settingTable,
};

/** The tables that the code makes. */
export const TABLE_NAMES: readonly string[] = Object.keys(TABLES);

/** A table of `TABLE_NAMES`, as Markdown without a line break at its end. */
export function table(name: string): string {
  return TABLES[name]();
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function value(content: unknown): string {
  return code(JSON.stringify(content).replaceAll(',', ', '));
}

function methodTable(): string {
  return markdown(
    ['`--method`', 'what it changes in CLIP', 'source'],
    METHODS.map(({ name, summary, source }) => [code(name), summary, source]),
  );
}

function checkpointTable(): string {
  return markdown(
    ['name', 'publisher', 'used for', 'SHA-256'],
    KNOWN_CHECKPOINTS.map(({ name, publisher, use, sha256 }) => [
      code(name),
      publisher,
      use,
      sha256 === undefined ? 'none published' : `${code(sha256.slice(0, 12))}...`,
    ]),
  );
}

function dataSetTable(): string {
  return markdown(
    ['name', 'also', 'data set', 'classes', 'images', 'image folder', 'below'],
    BENCHMARKS.map(({ name, aliases, title, classes, expectedPairs, layout: { roots, imageFolder } }) => [
      code(name),
      aliases.map(code).join(', '),
      title,
      String(classes.length),
      String(expectedPairs),
      code(imageFolder),
      roots.map((root) => code(root === '' ? '.' : root)).join(', '),
    ]),
  );
}

/** Every command that does something, with what it cannot do without. */
function commandTable(): string {
  const rows = (command: Command, path: string): string[][] => {
    if (command.commands.length > 0)
      return command.commands.flatMap((sub) => rows(sub, `${path} ${sub.name()}`.trim()));
    const wanted = command.registeredArguments.map((argument) => {
      const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? ` <${name}>` : ` [${name}]`;
    });
    const flags = command.options
      .filter(({ mandatory }) => mandatory)
      .map(({ flags }) => ` ${flags.split(', ').at(-1)}`);
    return [[code(`${path}${wanted.join('')}${flags.join('')}`), command.description()]];
  };
  return markdown(['command', 'does'], rows(makeProgram(), ''));
}

function settingTable(): string {
  const { properties } = z.toJSONSchema(partialSettingsSchema);
  const limits = properties as unknown as Record<keyof Settings, Limits>;
  const names = Object.keys(limits) as (keyof Settings)[];
  const meanings = settingComments();
  return markdown(
    ['setting', 'meaning', 'may be', 'default'],
    names.map((name) => [
      code(name),
      meanings.get(name) ?? '',
      describeLimits(limits[name]),
      [value(DEFAULT_SETTINGS[name]), ...ownDefaults(name)].join('; '),
    ]),
  );
}

/** Defaults of methods that differ from everybody's: a phrase for all methods with the same. */
function ownDefaults(name: keyof Settings): string[] {
  const methods: readonly Method[] = METHODS;
  const own = methods.filter(({ defaults }) => defaults[name] !== undefined);
  const values = new Set(own.map(({ defaults }) => value(defaults[name])));
  return [...values].map((shown) => {
    const these = own.filter(({ defaults }) => value(defaults[name]) === shown);
    return `${these.map((method) => method.name).join(', ')}: ${shown}`;
  });
}

/** The doc comment of every field of `Settings`. */
function settingComments(): Map<string, string> {
  const source = readFileSync(new URL('../../rfclip/settings.ts', import.meta.url), 'utf8');
  const body = /^export interface Settings \{\n([^]*?)^\}/m.exec(source)![1];
  return new Map(
    [...body.matchAll(/\/\*\*([^]*?)\*\/\s*(\w+):/g)].map(([, comment, name]) => [
      name,
      comment.replace(/\s+(\* )?/g, ' ').trim(),
    ]),
  );
}

function describeLimits(limits: Limits): string {
  const { type, minimum, exclusiveMinimum, maximum, items, prefixItems, anyOf } = limits;
  if (anyOf !== undefined) return anyOf.map(describeLimits).join(', or ');
  if (prefixItems !== undefined) return `${prefixItems.length} values, each a ${describeLimits(prefixItems[0])}`;
  if (items !== undefined) return `${limits.minItems} to ${limits.maxItems} values, each a ${describeLimits(items)}`;
  if (type === 'boolean') return 'true, false';
  if (type === 'null') return 'null';
  const least = exclusiveMinimum === undefined ? `${minimum}` : `above ${exclusiveMinimum},`;
  return `${type === 'integer' ? 'whole number' : 'number'}, ${least} to ${maximum}`;
}
