import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { thisHolder } from '../../../system/lockHolder.ts';
import type { Reporter } from '../../../system/reporter.ts';
import { makeTar } from './makeArchives.ts';
import { imageOf, voc2012 } from './miniatureArchives.ts';
import { PATIENCE, usePullBench, VOC, VOC_FILES, write } from './pullBench.ts';

const bench = usePullBench();

describe('an interruption', () => {
  test('leaves what the next pull goes on with', async () => {
    const stop = new AbortController();
    bench.server.faults.set(VOC, (_, response, content) => {
      if (bench.server.asked(VOC) > 1) return false;
      response.writeHead(200, { 'content-length': content.length, etag: '"v"' });
      response.write(content.subarray(0, 6000), () => setTimeout(() => stop.abort(new Error('enough')), 50));
      return true;
    });
    await expect(bench.pull('voc21', { signal: stop.signal })).rejects.toThrow('enough');
    expect(bench.tree()).toContain(`archives/${VOC}.part`);
    bench.server.faults.set(VOC, (request, response, content) => {
      expect(request.headers.range).toBe('bytes=6000-');
      response.writeHead(206, {
        'content-range': `bytes 6000-${content.length - 1}/${content.length}`,
        'content-length': content.length - 6000,
      });
      response.end(content.subarray(6000));
      return true;
    });
    await bench.pull();
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('what was taken of an archive that has changed since counts for nothing', async () => {
    const older = Buffer.alloc(imageOf('2007_000033').length, 7);
    const place = 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg';
    const staged = join(bench.data, 'archives', `${VOC}.unpacked`, 'JPEGImages/2007_000033.jpg');
    const first = makeTar([
      { name: place, content: older },
      { name: 'x', content: Buffer.alloc(50_000) },
    ]);
    bench.server.faults.set(VOC, (_, response) => {
      response.writeHead(200, { 'content-length': bench.archives.get(VOC)!.length, etag: '"older"' });
      response.write(first.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 200));
      return true;
    });
    await bench.failure('voc21', { patience: { ...PATIENCE, attempts: 1 } });
    expect(readFileSync(staged).equals(older)).toBe(true);
    bench.server.faults.delete(VOC);
    // As a download that ended, and as an archive that somebody brought.
    rmSync(join(bench.data, 'archives', `${VOC}.part`));
    write(join(bench.data, 'archives', VOC), bench.archives.get(VOC)!);
    await bench.pull();
    expect(readFileSync(join(bench.data, place)).equals(imageOf('2007_000033'))).toBe(true);
    rmSync(join(bench.data, 'VOCdevkit'), { recursive: true });
    rmSync(join(bench.data, 'archives', VOC));
    write(staged, older);
    await bench.pull();
    expect(readFileSync(join(bench.data, place)).equals(imageOf('2007_000033'))).toBe(true);
  });

  test('while an archive is unpacked: files that were taken are not read again', async () => {
    const stop = new Error('stop');
    bench.archives.set(VOC, voc2012({ more: 4_000_000 }));
    write(join(bench.data, 'archives', VOC), bench.archives.get(VOC)!);
    let times = 0;
    const stopping: Reporter = {
      ...bench.reporter,
      progress: () => ({
        step: () => {
          if (times++ === 10) throw stop;
        },
        stop: () => {},
      }),
    };
    await expect(bench.pull('voc21', { reporter: stopping })).rejects.toBe(stop);
    const unpacked = join(bench.data, 'archives', `${VOC}.unpacked`);
    const before = bench.tree(unpacked).map((path) => [path, statSync(join(unpacked, path)).mtimeMs] as const);
    expect(before.length).toBeGreaterThan(1);
    await bench.pull();
    for (const [path, time] of before.filter(([path]) => path !== '.archive'))
      expect(statSync(join(bench.data, 'VOCdevkit/VOC2012', path)).mtimeMs).toBe(time);
    expect(bench.tree()).toEqual([...VOC_FILES, `archives/${VOC}`].sort());
  });

  test('between the archive and its files: the archive is not fetched again, and goes at the end', async () => {
    write(join(bench.data, 'VOCdevkit/VOC2012/SegmentationClass/2007_000033.png'), 'mine');
    await bench.failure();
    expect(bench.tree()).toContain(`archives/${VOC}`);
    rmSync(join(bench.data, 'VOCdevkit'), { recursive: true });
    await bench.pull();
    expect(bench.server.asked(VOC)).toBe(1);
    expect(bench.tree()).toEqual(VOC_FILES);
  });
});

describe('the disk, the lock and archives by hand', () => {
  test('space is looked at before the first byte', async () => {
    const { message, fix } = await bench.failure('voc21', { freeBytes: () => 1000 });
    expect(message).toMatch(/data has 0\.000 GB free, expected 0\.000 GB for VOCtrainval_11-May-2012\.tar and what is/);
    expect(fix).toContain('--data');
    expect(bench.server.requests).toEqual([]);
  });

  test('and once the size is announced that nobody knew', async () => {
    let free = 1e9;
    bench.server.faults.set('trainval_merged.json', () => void (free = 10));
    expect((await bench.failure('context59', { freeBytes: () => free })).message).toContain('for trainval_merged.json');
    expect(bench.server.asked('trainval_merged.json')).toBe(1);
  });

  test('two processes do not pull into one folder', async () => {
    write(join(bench.data, 'archives/pull.lock'), JSON.stringify({ ...thisHolder(), process: process.ppid }));
    const { message, fix } = await bench.failure();
    expect(message).toContain(`another pull into ${bench.data} is running (process ${process.ppid} on `);
    expect(fix).toContain('pull.lock');
  });

  test('archives that are kept are used again and stay', async () => {
    await bench.pull('voc21', { keepArchives: true });
    expect(bench.tree()).toEqual([...VOC_FILES, `archives/${VOC}`].sort());
    rmSync(join(bench.data, 'VOCdevkit'), { recursive: true });
    await bench.pull('voc21', { keepArchives: true });
    expect(bench.server.asked(VOC)).toBe(1);
    expect(bench.tree()).toEqual([...VOC_FILES, `archives/${VOC}`].sort());
  });

  test('an archive by hand that is another is named', async () => {
    const hand = join(bench.folder, 'hand');
    write(join(hand, VOC), 'nothing');
    const { message, fix } = await bench.failure('voc21', { fromArchives: hand });
    expect(message).toContain(`the archive ${join(hand, VOC)} cannot be used: it has 7 bytes, expected`);
    expect(fix).toContain('--unverified');
    expect((await bench.failure('voc21', { fromArchives: join(bench.folder, 'none') })).message).toContain(
      'does not exist or is not a folder',
    );
    expect(bench.tree(hand)).toEqual([VOC]);
  });

  test('a folder that cannot be made, and a name that is none', async () => {
    writeFileSync(bench.data, 'a file');
    expect((await bench.failure()).message).toContain('cannot be made (ENOTDIR)');
    expect((await bench.failure('imagenet')).message).toContain(
      'there is no benchmark imagenet, expected one of voc21',
    );
  });

  test('files that the archives lack are named', async () => {
    bench.archives.set(
      'VOCtrainval_03-May-2010.tar',
      makeTar([{ name: 'VOCdevkit/VOC2010/JPEGImages/2008_000002.jpg', content: imageOf('2008_000002') }]),
    );
    expect((await bench.failure('context60')).message).toMatch(
      /the archives lack 1 of the files of PASCAL Context .*2010_006086\.jpg is the first/,
    );
  });
});
