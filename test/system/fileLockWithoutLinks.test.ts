import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockRun } from '../../evaluation/run/runLock.ts';

let folder: string;
let lock: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'rfclip-lock-'));
  lock = join(folder, 'run.lock');
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  fs.rmSync(folder, { recursive: true });
});

const timing = { beat: 50, patience: 6 };
const elsewhere = JSON.stringify({ process: 1, host: 'elsewhere.example', machine: 'another' });
function linksFailWith(code: string): void {
  vi.spyOn(fs, 'linkSync').mockImplementation(() => {
    throw Object.assign(new Error(code), { code });
  });
  // Named imports of the code under test see the change only after this.
  syncBuiltinESMExports();
}

describe.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR'])(
  'lockRun where links are answered with %s',
  (code) => {
    beforeEach(() => linksFailWith(code));

    it('claims the folder, keeps others out, and gives it up', async () => {
      const own = await lockRun(lock, { timing });
      own.assertHeld();
      expect(fs.readdirSync(folder)).toEqual(['run.lock']);
      fs.rmSync(lock);
      own.assertHeld();
      fs.writeFileSync(
        lock,
        JSON.stringify({ ...(JSON.parse(fs.readFileSync(lock, 'utf8')) as object), process: process.ppid }),
      );
      await expect(lockRun(lock, { timing })).rejects.toThrow(/in use by another run/);
      expect(() => own.assertHeld()).toThrow(/taken over/);
      own.release();
      expect(fs.readdirSync(folder)).toEqual(['run.lock']);
    });

    it('lets one of many have the lock of a dead process', async () => {
      fs.writeFileSync(lock, elsewhere);
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(lock, { timing })));
      const got = tries.filter((entry) => entry.status === 'fulfilled');
      expect(got).toHaveLength(1);
      got[0].value.release();
      expect(fs.readdirSync(folder)).toEqual([]);
    });
  },
);

it('other failures of a link are named, and nothing is left', async () => {
  linksFailWith('EACCES');
  await expect(lockRun(lock)).rejects.toThrow(`the lock file ${lock} cannot be made (EACCES)`);
  expect(fs.readdirSync(folder)).toEqual([]);
});
