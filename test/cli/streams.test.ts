import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rfclip-streams-'));
/** Says something on both streams, in turn, and opens a device, of which Dawn has something to say too. */
const COMMAND = [
  '"$NODE" "$MAIN" segment /nonexistent.jpg "$SCENE"',
  '--classes "moon, soil" --whole --resize 64 --out "$OUT"',
].join(' ');
const RESULT = /^\S*scene_0025\.jpg -> \S+label\.png, \S+overlay\.png, \S+\.json$/;
const REMARKS = [
  /^note: .* is a CPU; a GPU is many times faster$/,
  /^\[1\/2\] \/nonexistent\.jpg: failed$/,
  /^rfclip: \/nonexistent\.jpg does not exist, expected a picture file$/,
  /^\[2\/2\] .*scene_0025\.jpg: .* ms\)$/,
];

const environment = {
  ...process.env,
  NO_COLOR: '1',
  RFCLIP_DEBUG: undefined,
  RFCLIP_CACHE_DIR: join(folder, 'cache'),
  NODE: process.execPath,
  MAIN: join(ROOT, 'dist/cli/main.js'),
  SCENE: join(ROOT, 'examples/scenes/scene_0025.jpg'),
  OUT: join(folder, 'out'),
};

/** Runs a shell command in the folder; what does not go to a file comes back. */
function shell(command: string): Promise<{ code: number | null; output: string }> {
  const child = spawn('bash', ['-c', command], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}
const linesOf = (name: string) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');

/** Every pattern once, in order, and nothing else. */
function expectLines(lines: readonly string[], patterns: readonly (RegExp | string)[]): void {
  expect(lines).toEqual(
    patterns.map((pattern) => (typeof pattern === 'string' ? pattern : expect.stringMatching(pattern))),
  );
}

beforeAll(() => expect(existsSync(environment.MAIN)).toBe(true));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(process.platform !== 'linux')('every line arrives once and in order, and none of Dawn', () => {
  const both = [...REMARKS, RESULT];
  test.each([
    ['a file', `${COMMAND} > NAME 2>&1`, both],
    ['the end of a file', `echo before > NAME; ${COMMAND} >> NAME 2>&1`, ['before', ...both]],
    [
      'a file that the shell writes to as well',
      `{ echo before; ${COMMAND}; echo after >&2; } > NAME 2>&1`,
      ['before', ...both, 'after'],
    ],
    ['a file, opened twice', `${COMMAND} > NAME 2>> NAME`, both],
    ['a pipe', `${COMMAND} 2>&1 | cat > NAME`, both],
    ['a pipe whose reader is slow', `${COMMAND} 2>&1 | { sleep 2; cat; } > NAME`, both],
    [
      'nohup',
      `nohup bash -c '${COMMAND}' > NAME 2>&1 < /dev/null`,
      [/ignoring input|^note: /, ...REMARKS.slice(1), RESULT],
    ],
  ])('%s', async (name, command, lines) => {
    const file = name.replaceAll(/\W/g, '_');
    expect(await shell(command.replaceAll('NAME', file))).toMatchObject({ output: '' });
    expectLines(
      linesOf(file).filter((line) => line !== 'nohup: ignoring input'),
      lines,
    );
  });

  test('two files, of which the shell and another run write to one as well', async () => {
    const { output } = await shell(
      `{ echo before >&2; ${COMMAND}; echo between >&2; ${COMMAND}; echo after >&2; } > results 2> remarks`,
    );
    expect(output).toBe('');
    expectLines(linesOf('results'), [RESULT, RESULT]);
    expectLines(linesOf('remarks'), ['before', ...REMARKS, 'between', ...REMARKS, 'after']);
  });

  test('two files, of which one is continued', async () => {
    await shell(`echo before > continued; ${COMMAND} > results-2 2>> continued; echo after >> continued`);
    expectLines(linesOf('continued'), ['before', ...REMARKS, 'after']);
    expectLines(linesOf('results-2'), [RESULT]);
  });

  test('a terminal', async ({ skip }) => {
    if (spawnSync('script', ['--version']).status !== 0) skip('needs script, of util-linux');
    await shell(`script -qec '${COMMAND}' typescript < /dev/null > /dev/null`);
    // What is left of a line once everything before the last return to its start is gone.
    const text = linesOf('typescript')
      .map((line) =>
        line
          .replace(/\r$/, '')
          .split(/\r|\u001B\[1G/)
          .at(-1)!,
      )
      .map((line) => line.replaceAll(/\u001B(\[[\d;?]*[A-Za-z]|\d)/g, ''))
      .join('\n');
    for (const pattern of [...REMARKS.filter((_, index) => index % 2 === 0), RESULT])
      expect(text.match(new RegExp(pattern.source, 'gm')) ?? [], pattern.source).toHaveLength(1);
    expect(text).not.toContain('Warning:');
  });

  test.each([
    ['a reader that has seen enough', `set -o pipefail; ${COMMAND} 2>&1 | head -n 1`],
    ['a reader that never reads', `${COMMAND} 2>&1 | true`],
    ['remarks that nobody reads', `${COMMAND} 2> >(exec true)`],
    ['closed results', `${COMMAND} >&-`],
    ['closed remarks', `${COMMAND} 2>&-`],
    ['closed input, results and remarks', `${COMMAND} <&- >&- 2>&-`],
  ])('%s: the files are written all the same', async (_name, command) => {
    rmSync(environment.OUT, { recursive: true, force: true });
    const { output } = await shell(command);
    expect(output).not.toMatch(/Warning:|\n\s+at |unexpected/);
    expect(existsSync(join(environment.OUT, 'scene_0025.json'))).toBe(true);
  });

  test('results on a full disk: a sentence, exit code 1', async () => {
    expect(await shell(`"$NODE" "$MAIN" weights list > /dev/full`)).toEqual({
      code: 1,
      output: 'rfclip: standard output cannot be written: no space is left on the disk\n',
    });
  });

  test('the end of the terminal does not end what nohup started', async () => {
    const hangUp =
      `nohup ${COMMAND} > hup 2>&1 < /dev/null & job=$!; ` +
      `until grep -q CPU hup; do sleep 0.02; done; kill -HUP $job; wait $job`;
    await shell(hangUp);
    expectLines(
      linesOf('hup').filter((line) => line !== 'nohup: ignoring input'),
      both,
    );
  });
});
