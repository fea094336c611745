import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/house.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-standard-error-'));
const program = join(folder, 'program.mjs');
const file = join(folder, 'file');

beforeAll(() => {
  const library = join(root, 'dist', 'index.js');
  expect(existsSync(library)).toBe(true);
  writeFileSync(
    program,
    `import { readFile } from 'node:fs/promises';
     import { Model } from ${JSON.stringify(pathToFileURL(library).href)};
     if (process.argv[2] !== 'silent') console.error('before');
     const meanwhile = process.argv[2] === 'busy' ? readFile(process.argv[1], 'utf8') : undefined;
     (await Model.open()).close();
     (await Model.open()).close();
     if (process.argv[2] !== 'silent') console.error(await meanwhile === '' ? 'damaged' : 'after');`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program in a shell command with its standard error where the command leads it; what came there. */
function errorsOf(command: string): string {
  rmSync(file, { force: true });
  const env = { ...process.env, NODE: process.execPath, PROGRAM: program, FILE: file, RFCLIP_DEBUG: undefined };
  const { stdout, status } = spawnSync('bash', ['-o', 'pipefail', '-c', command], { env, encoding: 'utf8' });
  expect(status).toBe(0);
  return existsSync(file) ? readFileSync(file, 'utf8') : stdout;
}

describe.skipIf(process.platform !== 'linux')('the library alone', () => {
  it.each([
    ['a pipe', '"$NODE" "$PROGRAM" silent 2>&1 >/dev/null | cat'],
    ['the end of a file', '"$NODE" "$PROGRAM" silent 2>> "$FILE" >/dev/null'],
    ['/dev/null', '"$NODE" "$PROGRAM" silent 2> /dev/null'],
  ])('prints nothing on standard error, which leads to %s', (_, command) => {
    expect(errorsOf(command)).toBe('');
  });

  it.each([
    ['a pipe', '"$NODE" "$PROGRAM" 2>&1 >/dev/null | cat', 'before\nafter\n'],
    ['the end of a file', 'echo first > "$FILE"; "$NODE" "$PROGRAM" 2>> "$FILE"', 'first\nbefore\nafter\n'],
    [
      'the end of a file that others write to',
      '{ "$NODE" "$PROGRAM"; echo last >&2; } 2>> "$FILE"',
      'before\nafter\nlast\n',
    ],
  ])('leaves standard error to the program: %s', (_, command, expected) => {
    expect(errorsOf(command)).toBe(expected);
  });

  it.each([
    ['a file from its beginning', '{ "$NODE" "$PROGRAM"; echo last >&2; } 2> "$FILE"'],
    ['a file of both streams', '{ "$NODE" "$PROGRAM"; echo last >&2; } > "$FILE" 2>&1'],
    ['a pipe, while another thread may open a file', '{ "$NODE" "$PROGRAM" busy; echo last >&2; } 2>&1 | cat'],
  ])('loses no line where Dawn cannot be kept away: %s', (_, command) => {
    const lines = errorsOf(command).split('\n');
    expect(lines.filter((line) => !line.startsWith('Warning: maxDynamic'))).toEqual(['before', 'after', 'last', '']);
  });
});
