import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DATA_SET_NAMES } from '../../datasets/dataSet.ts';
import { METHOD_NAMES } from '../../rfclip/methods/index.ts';
import { makeProgram } from '../../cli/program.ts';
import { runCli } from '../support/runCli.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const COMMANDS = makeProgram().commands.map((command) => command.name());
const CHECKPOINTS = ['ViT-B/16', 'ViT-B/32', 'ViT-L/14', 'DINO-ViT-B/8'];
const folder = mkdtempSync(join(tmpdir(), 'rfclip-completion-'));
const script = (shell: string) => join(folder, shell);
const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

beforeAll(async () => {
  for (const shell of SHELLS) {
    const { code, stdout, stderr } = await runCli(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    writeFileSync(script(shell), stdout);
  }
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files', 'photo.jpg'), '');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a shell offers for the last of the words, the program's name left out. */
const OFFERS: Record<(typeof SHELLS)[number], (words: readonly string[]) => string[]> = {
  bash(words) {
    // bash itself takes these words apart.
    const parts = ['rfclip', ...words].flatMap((word) => word.split(/(=)/).filter((part) => part !== ''));
    if (words.at(-1) === '') parts.push('');
    return said('bash', [
      '-c',
      'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _rfclip; printf "%s\\n" "${COMPREPLY[@]}"',
      'bash',
      script('bash'),
      ...parts,
    ]);
  },
  zsh(words) {
    // Stands in for what zsh has only while somebody types.
    const stubs = `
      compdef() { : }; _files() { print FILES }; compset() { PREFIX=\${PREFIX#*=} }
      compadd() { shift; print -l -- "$@" }
      _describe() { local name=$argv[-1]; print -l -- "\${(@)\${(P@)name}%%:*}" }
      source "$1"; shift; words=("$@"); CURRENT=$#; PREFIX=$argv[-1]; _rfclip`;
    const last = words.at(-1)!.replace(/^--.*=/, '');
    const offered = said('zsh', ['-f', '-c', stubs, 'zsh', script('zsh'), 'rfclip', ...words]);
    return offered.filter((word) => word.startsWith(last));
  },
  fish(words) {
    const offered = said('fish', [
      '--no-config',
      '-c',
      'source $argv[1]; complete -C "$argv[2]"',
      script('fish'),
      ['rfclip', ...words].join(' '),
    ]);
    return offered.map((line) => line.split('\t')[0].replace(/^--\w+=/, ''));
  },
};

function said(shell: string, args: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, args, { cwd: join(folder, 'files'), encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split('\n').filter((line) => line !== '' && line !== 'FILES');
}

describe.each(SHELLS)('%s', (shell) => {
  const offers = OFFERS[shell];

  test.skipIf(!isThere(shell)).each([
    ['commands', [''], COMMANDS],
    ['a command', ['seg'], ['segment']],
    ['commands after a flag', ['--quiet', 'compl'], ['completion']],
    ['subcommands', ['weights', ''], ['list', 'pull', 'info', 'convert', 'verify']],
    ['flags', ['merge', '--al'], ['--allow-partial']],
    ['flags of a subcommand', ['weights', 'convert', '--dt'], ['--dtype']],
    ['flags of all commands', ['doctor', '--qu'], ['--quiet']],
    ['methods', ['segment', '--method', ''], [...METHOD_NAMES, 'all']],
    ['a method', ['eval', 'sample', '--method', 'na'], ['naclip']],
    ['a method after a sign', ['eval', '--method=na'], ['naclip']],
    ['data sets', ['data', 'check', ''], [...DATA_SET_NAMES]],
    ['data sets and all of them', ['eval', ''], [...DATA_SET_NAMES, 'all']],
    ['checkpoints', ['weights', 'pull', ''], CHECKPOINTS],
    ['element types', ['weights', 'convert', 'a', 'b', '--dtype', ''], ['f16', 'f32']],
    ['shells', ['completion', ''], [...SHELLS]],
    ['what can be cleared', ['cache', 'clear', 'te'], ['text-features']],
  ])('offers %s', (_, words, expected) => {
    expect([...offers(words)].sort()).toEqual([...expected].sort());
  });

  test.skipIf(!isThere(shell))('has nothing of its own where a file is wanted', () => {
    const own = offers(['segment', '']).filter((word) => word !== 'photo.jpg');
    expect(own).toEqual([]);
  });
});

test('bash completes file names where no word is known', () => {
  const { stdout } = spawnSync('bash', ['-c', 'source "$1"; complete -p rfclip', 'bash', script('bash')]);
  expect(String(stdout)).toBe('complete -o bashdefault -o default -F _rfclip rfclip\n');
});

test.each([['tcsh'], ['']])('there is no script for "%s"', async (shell) => {
  expect(await runCli(['completion', shell])).toMatchObject({ code: 2, stdout: '' });
});
