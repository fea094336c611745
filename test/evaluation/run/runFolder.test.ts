import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { differences, type RunManifest } from '../../../evaluation/run/manifest.ts';
import { openRunFolder } from '../../../evaluation/run/runFolder.ts';
import { lockRun } from '../../../evaluation/run/runLock.ts';
import { entryOf, sampleManifest } from '../samples.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-run-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (resume: boolean, manifest: RunManifest = sampleManifest()) =>
  openRunFolder(folder, manifest, { resume, write: async (path, text) => writeFileSync(path, text) });

describe('openRunFolder', () => {
  it('starts, and goes on with what was journalled', async () => {
    const first = await open(false);
    first.journal.append(entryOf(1));
    first.close();
    const second = await open(true, sampleManifest({ adapter: 'another adapter' }));
    expect(second.journal.entries).toEqual([entryOf(1)]);
    expect(second.manifest.adapter).toBe('an adapter');
    second.close();
    expect(readdirSync(folder).sort()).toEqual(['journal.ndjson', 'manifest.json']);
  });

  it('writes no image once another process has taken the folder over', async () => {
    const run = await open(false);
    run.journal.append(entryOf(1));
    writeFileSync(
      join(folder, 'run.lock'),
      JSON.stringify({ process: 7, host: 'elsewhere.example', machine: 'another' }),
    );
    expect(() => run.journal.append(entryOf(2))).toThrow(/taken over by another run/);
    run.close();
    rmSync(join(folder, 'run.lock'));
    const next = await open(true);
    expect(next.journal.entries).toEqual([entryOf(1)]);
    next.close();
  });

  it('removes what killed runs left in it, but nothing that may be in use or is not of a run', async () => {
    (await open(false)).close();
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    const [temporary, draft, aside] = ['.rfclip-12-0123456789ab.tmp', `run.lock.${id}.new`, `run.lock.${id}.old`];
    const others = ['.rfclip-mine.tmp', 'mine.tmp', 'run.lock.mine.old', `other.lock.${id}.new`];
    const young = '.rfclip-13-0123456789ab.tmp';
    for (const name of [temporary, draft, aside, young, ...others]) writeFileSync(join(folder, name), 'half');
    const old = new Date(Date.now() - 2 * 3_600_000);
    for (const name of [temporary, draft, aside, ...others]) utimesSync(join(folder, name), old, old);
    (await open(true)).close();
    expect(readdirSync(folder).sort()).toEqual([young, ...others, 'journal.ndjson', 'manifest.json'].sort());
  });

  it('starts with resume where there is nothing yet', async () => (await open(true)).close());

  it('refuses a folder with a run, unless it shall go on', async () => {
    (await open(false)).close();
    await expect(open(false)).rejects.toThrow(/holds a run already/);
  });

  it('refuses to go on with something else, and gives the lock back', async () => {
    (await open(false)).close();
    const model = { ...sampleManifest().model, checkpoint: 'e'.repeat(64) };
    await expect(open(true, sampleManifest({ model }))).rejects.toThrow(
      /cannot go on, because the checkpoint \(sha256\) is eeeeeeeeeeee, it was bbbbbbbbbbbb/,
    );
    (await open(true)).close();
  });

  it('refuses a damaged manifest and a journal without one', async () => {
    writeFileSync(join(folder, 'journal.ndjson'), '');
    await expect(open(true)).rejects.toThrow(/journal without its manifest/);
    for (const content of ['{', '', 'null', '3']) {
      writeFileSync(join(folder, 'manifest.json'), content);
      await expect(open(true)).rejects.toThrow(/manifest.json is no manifest of a run/);
    }
    writeFileSync(join(folder, 'manifest.json'), '[]');
    await expect(open(true)).rejects.toThrow(
      /the run in .* cannot go on, because the format of the run is 1, it was not there/,
    );
  });
});

describe('lockRun', () => {
  const lock = () => join(folder, 'run.lock');
  /** Long enough for a busy machine, short enough for a test. */
  const timing = { beat: 50, patience: 6 };
  /** As this process would write it, on the machine it sees. */
  const holder = async () => {
    const own = await lockRun(lock());
    const text = JSON.parse(readFileSync(lock(), 'utf8')) as Record<string, unknown>;
    own.release();
    return text;
  };

  it('keeps others out until it is given up', async () => {
    const other = spawnSync(process.execPath, ['-e', '']).pid;
    const own = await holder();
    writeFileSync(lock(), JSON.stringify({ ...own, process: process.ppid }));
    await expect(lockRun(lock())).rejects.toThrow(new RegExp(`in use by another run \\(process ${process.ppid} on `));
    writeFileSync(lock(), JSON.stringify({ ...own, process: other }));
    const taken = await lockRun(lock());
    expect(JSON.parse(readFileSync(lock(), 'utf8'))).toMatchObject({ process: process.pid, host: hostname() });
    taken.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('takes the lock of another machine, or one that names nobody, over only if nobody touches it', async () => {
    const elsewhere = JSON.stringify({ process: 1, host: 'elsewhere.example', machine: 'another' });
    writeFileSync(lock(), elsewhere);
    const beating = setInterval(() => utimesSync(lock(), new Date(), new Date()), timing.beat);
    const notes: string[] = [];
    await expect(lockRun(lock(), { timing, note: (line) => notes.push(line) })).rejects.toThrow(
      /in use by another run \(process 1 on elsewhere.example\)/,
    );
    expect(notes).toEqual([
      `waiting up to 0.3 s for a sign of life of process 1 on elsewhere.example, which holds ${lock()}`,
    ]);
    clearInterval(beating);
    expect(readFileSync(lock(), 'utf8')).toBe(elsewhere);
    (await lockRun(lock(), { timing })).release();
    for (const content of ['', '{"process":']) {
      writeFileSync(lock(), content);
      (await lockRun(lock(), { timing, note: (line) => notes.push(line) })).release();
      expect(notes.pop()).toBe(`waiting up to 0.05 s for a sign of life of another process, which holds ${lock()}`);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("holds a lock in the making for somebody's", async () => {
    writeFileSync(lock(), '');
    const elsewhere = JSON.stringify({ process: 1, host: 'elsewhere.example', machine: 'another' });
    await expect(lockRun(lock(), { timing, note: () => writeFileSync(lock(), elsewhere) })).rejects.toThrow(
      /in use by another run/,
    );
    expect(readFileSync(lock(), 'utf8')).toBe(elsewhere);
  });

  it('stops waiting when it is told to, and leaves the lock as it is', async () => {
    const elsewhere = JSON.stringify({ process: 1, host: 'elsewhere.example', machine: 'another' });
    writeFileSync(lock(), elsewhere);
    const interruption = new AbortController();
    const waiting = openRunFolder(folder, sampleManifest(), {
      resume: true,
      write: async () => expect.unreachable(),
      note: () => interruption.abort(),
      signal: interruption.signal,
    });
    await expect(waiting).rejects.toThrow(
      `interrupted while waiting for process 1 on elsewhere.example, which holds ${lock()}`,
    );
    await expect(lockRun(lock(), { signal: AbortSignal.abort() })).rejects.toThrow(/interrupted while waiting/);
    expect([readFileSync(lock(), 'utf8'), readdirSync(folder)]).toEqual([elsewhere, ['run.lock']]);
  });

  it('shows signs of life that a watcher elsewhere sees', async () => {
    const own = await lockRun(lock(), { timing });
    const before = statSync(lock()).mtimeMs;
    await vi.waitFor(() => expect(statSync(lock()).mtimeMs).toBeGreaterThan(before), { timeout: 60_000 });
    own.release();
  });

  it('notices that it was taken over, makes a deleted lock again, and removes no lock of another', async () => {
    const own = await lockRun(lock(), { timing });
    rmSync(lock());
    own.assertHeld();
    writeFileSync(lock(), JSON.stringify({ process: 7, host: 'elsewhere.example', machine: 'another' }));
    expect(() => own.assertHeld()).toThrow(/was taken over by another run \(process 7 on elsewhere.example\)/);
    own.release();
    expect(readdirSync(folder)).toEqual(['run.lock']);
  });

  it('lets one of many have the lock of a dead process', async () => {
    writeFileSync(lock(), JSON.stringify({ process: 1, host: 'elsewhere.example', machine: 'another' }));
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(lock(), { timing })));
    const got = tries.filter((entry) => entry.status === 'fulfilled');
    expect(got).toHaveLength(1);
    got[0].value.assertHeld();
    got[0].value.release();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('differences', () => {
  it('names what differs and leaves the adapter out', () => {
    const before = sampleManifest();
    expect(differences(sampleManifest({ adapter: 'other' }), before)).toEqual([]);
    const settings = { ...before.configuration.settings, resize: [2048, 112] as [number, number] };
    expect(
      differences(
        sampleManifest({ version: '2', configuration: { dataSet: 'voc21', method: 'clip', settings } }),
        before,
      ),
    ).toEqual([
      'the version of rfclip is 2, it was 1.2.3',
      'the data set is voc21, it was sample',
      'the method is clip, it was rfclip',
      'the setting resize is [2048,112], it was [2048,336]',
    ]);
  });
});
