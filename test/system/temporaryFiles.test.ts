import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { atomicWrite, removeUnfinishedFiles } from '../../system/atomicWrite.ts';
import { lockDraftNames } from '../../system/fileLock.ts';
import { thisHolder } from '../../system/lockHolder.ts';
import { OutputError } from '../../system/outputError.ts';
import { removeStaleFiles, TEMPORARY_NAME, temporaryName } from '../../system/temporaryFiles.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-temporary-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const HOUR = 3_600_000;
const NAMES = [TEMPORARY_NAME, lockDraftNames('run.lock')];
const draft = (digit: string, end = 'new') => `run.lock.${digit.repeat(8)}-0000-0000-0000-000000000000.${end}`;
const ended = spawnSync(process.execPath, ['--version']).pid;

/** The name that another process gave. */
const nameBy = (id: number) => temporaryName().replace(`-${process.pid}-`, `-${id}-`);
const write = (name: string, content = '') => {
  writeFileSync(join(folder, name), content);
  return name;
};
const left = () => readdirSync(folder).sort();

it('files of a process of this machine that has ended go at once; those that are in use stay', () => {
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  try {
    write(nameBy(ended));
    write(draft('1'), JSON.stringify({ ...thisHolder(), process: ended }));
    write(draft('2', 'old'), JSON.stringify({ ...thisHolder(), process: ended }));
    const kept = [
      write(temporaryName()),
      write(nameBy(other.pid!)),
      write(draft('3'), JSON.stringify({ ...thisHolder(), process: other.pid })),
      // Of another machine, whose processes cannot be asked.
      write(`.rfclip-${ended}-00ff00ff00ff.tmp`),
      write(draft('4'), JSON.stringify({ ...thisHolder(), machine: 'another', process: ended })),
      write(draft('5'), 'nobody'),
      write('.rfclip-notes.tmp'),
    ].sort();
    removeStaleFiles(folder, NAMES, HOUR);
    expect(left()).toEqual(kept);
  } finally {
    other.kill('SIGKILL');
  }
});

it('others go once they are old', () => {
  const [old] = [write(`.rfclip-${ended}-00ff00ff00ff.tmp`)];
  const young = write(`.rfclip-${ended}-00ff00ff00aa.tmp`);
  utimesSync(join(folder, old), Date.now() / 1000 - 3601, Date.now() / 1000 - 3601);
  removeStaleFiles(folder, NAMES, HOUR);
  expect(left()).toEqual([young]);
});

it('a folder that is not there holds none', () => {
  expect(() => removeStaleFiles(join(folder, 'nothing'), NAMES, HOUR)).not.toThrow();
});

it('what is half written can be removed at once, for a process that is being ended', async () => {
  const writing = atomicWrite(join(folder, 'file'), new Uint8Array(2 ** 26)).catch((error: unknown) => error);
  while (readdirSync(folder).length === 0) await new Promise((resolve) => setImmediate(resolve));
  removeUnfinishedFiles();
  expect(readdirSync(folder)).toEqual([]);
  expect(await writing).toBeInstanceOf(OutputError);
});
