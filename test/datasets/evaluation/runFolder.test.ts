import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differences, type RunManifest } from '../../../datasets/evaluation/manifest.ts';
import { openRunFolder } from '../../../datasets/evaluation/runFolder.ts';
import { lockRun } from '../../../datasets/evaluation/runLock.ts';
import { entryOf, sampleManifest } from './samples.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-run-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const open = (resume: boolean, manifest: RunManifest = sampleManifest()) => openRunFolder(folder, manifest, { resume, write: async (path, text) => writeFileSync(path, text) });

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

  it('starts with resume where there is nothing yet', async () => (await open(true)).close());

  it('refuses a folder with a run, unless it shall go on', async () => {
    (await open(false)).close();
    await expect(open(false)).rejects.toThrow(/holds a run already/);
  });

  it('refuses to go on with something else, and gives the lock back', async () => {
    (await open(false)).close();
    const model = { ...sampleManifest().model, checkpoint: 'e'.repeat(64) };
    await expect(open(true, sampleManifest({ model }))).rejects.toThrow(/cannot go on, because the checkpoint \(sha256\) is eeeeeeeeeeee, it was bbbbbbbbbbbb/);
    (await open(true)).close();
  });

  it('refuses a damaged manifest and a journal without one', async () => {
    writeFileSync(join(folder, 'journal.ndjson'), '');
    await expect(open(true)).rejects.toThrow(/journal without its manifest/);
    writeFileSync(join(folder, 'manifest.json'), '{');
    await expect(open(true)).rejects.toThrow(/manifest.json is no JSON/);
  });
});

describe('lockRun', () => {
  const lock = () => join(folder, 'run.lock');

  it('keeps others out until it is given up', () => {
    const other = spawnSync(process.execPath, ['-e', '']).pid;
    writeFileSync(lock(), JSON.stringify({ process: process.ppid, host: hostname() }));
    expect(() => lockRun(lock())).toThrow(new RegExp(`in use by another run \\(process ${process.ppid} on `));
    writeFileSync(lock(), JSON.stringify({ process: other, host: hostname() }));
    const unlock = lockRun(lock());
    expect(JSON.parse(readFileSync(lock(), 'utf8'))).toEqual({ process: process.pid, host: hostname() });
    unlock();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('respects the lock of another machine and takes an unreadable one over', () => {
    writeFileSync(lock(), JSON.stringify({ process: 1, host: 'elsewhere.example' }));
    expect(() => lockRun(lock())).toThrow(/process 1 on elsewhere.example/);
    writeFileSync(lock(), '');
    lockRun(lock())();
  });
});

describe('differences', () => {
  it('names what differs and leaves the adapter out', () => {
    const before = sampleManifest();
    expect(differences(sampleManifest({ adapter: 'other' }), before)).toEqual([]);
    const settings = { ...before.configuration.settings, resize: [2048, 112] as [number, number] };
    expect(differences(sampleManifest({ version: '2', configuration: { dataSet: 'voc21', method: 'clip', settings } }), before)).toEqual([
      'the version of rfclip is 2, it was 1.2.3',
      'the data set is voc21, it was sample',
      'the method is clip, it was rfclip',
      'the setting resize is [2048,112], it was [2048,336]',
    ]);
  });
});
