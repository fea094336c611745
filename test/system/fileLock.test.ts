import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDraftNames, lockFile } from '../../system/fileLock.ts';
import { describeHolder, isOfThisMachine, isRunning, parseHolder, thisHolder } from '../../system/lockHolder.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-lock-'));
  path = join(folder, 'a.lock');
});
afterEach(() => rmSync(folder, { recursive: true }));

const elsewhere = { process: 1, host: 'elsewhere.example', machine: 'another' };
const timing = { beat: 50, patience: 6 };

describe('a lock that is not got', () => {
  it('names its holder, here and elsewhere', async () => {
    writeFileSync(path, JSON.stringify({ ...thisHolder(), process: process.ppid }));
    await expect(lockFile(path)).rejects.toMatchObject({
      name: 'LockError',
      code: 'RFCLIP-LOCK',
      problem: 'held',
      path,
      holder: { process: process.ppid, host: hostname() },
      message: `${path} is held by process ${process.ppid} on ${hostname()}`,
    });
    writeFileSync(path, JSON.stringify(elsewhere));
    await expect(lockFile(path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      problem: 'interrupted',
      holder: elsewhere,
      message: `interrupted while waiting for process 1 on elsewhere.example, which holds ${path}`,
    });
  });

  it('says so where its file cannot be made', async () => {
    const nowhere = join(folder, 'missing', 'a.lock');
    await expect(lockFile(nowhere)).rejects.toMatchObject({
      problem: 'unwritable',
      holder: undefined,
      message: `the lock file ${nowhere} cannot be made (ENOENT)`,
    });
  });
});

it('a lock that was taken over names the new holder, and is left to it', async () => {
  const lock = await lockFile(path, { timing });
  lock.assertHeld();
  writeFileSync(path, JSON.stringify(elsewhere));
  let error: unknown;
  try {
    lock.assertHeld();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({
    problem: 'lost',
    holder: elsewhere,
    message:
      `${path} was taken over by process 1 on elsewhere.example, because this process showed no sign of life for a ` +
      `while`,
  });
  lock.release();
  expect(readdirSync(folder)).toEqual(['a.lock']);
});

describe('the holder that a lock file names', () => {
  it('is a process of this machine where it is a number alone', () => {
    const holder = parseHolder(`${process.ppid}`)!;
    expect([holder, isOfThisMachine(holder), isRunning(holder)]).toEqual([
      { ...thisHolder(), process: process.ppid },
      true,
      true,
    ]);
  });

  it.each(['', '0', '-1', '1.5', 'x', 'null', '{}', '{"process":1}', '{"process":"1","host":"h"}', '12345678901'])(
    'is nobody in %j',
    (content) => {
      expect(parseHolder(content)).toBeUndefined();
      expect(describeHolder(parseHolder(content))).toBe('another process');
    },
  );
});

it('the names of drafts belong to one lock', () => {
  const id = '01234567-89ab-cdef-0123-456789abcdef';
  const names = lockDraftNames('ViT-B.16+.lock');
  expect([`ViT-B.16+.lock.${id}.new`, `ViT-B.16+.lock.${id}.old`].every((name) => names.test(name))).toBe(true);
  for (const other of [
    `ViT-Bx16+.lock.${id}.new`,
    `ViT-B.16+.lock.${id}`,
    `ViT-B.16+.lock`,
    `xViT-B.16+.lock.${id}.new`,
  ])
    expect(names.test(other)).toBe(false);
});
