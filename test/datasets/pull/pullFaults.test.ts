import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DATA_SOURCES } from '../../../datasets/pull/sources.ts';
import { cutAfter } from '../../weights/fileServer.ts';
import { makeTar, makeZip } from './makeArchives.ts';
import { imageOf } from './miniatureArchives.ts';
import { COCO, PATIENCE, usePullBench, VOC, VOC_FILES } from './pullBench.ts';

const bench = usePullBench();

describe('a server that misbehaves', () => {
  test('cuts the connection again and again: it goes on where it was', async () => {
    bench.server.faults.set(VOC, cutAfter(2000));
    // What it is cut from has an entity tag of its own.
    await bench.pull('voc21', { patience: { ...PATIENCE, attempts: 2 } });
    expect(bench.server.asked(VOC)).toBeGreaterThan(3);
    expect(bench.server.requests.some(({ range }) => range !== undefined)).toBe(true);
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('stalls: it is told and tried again', async () => {
    let times = 0;
    bench.server.faults.set(VOC, (_, response, content) => {
      if (times++ > 0) return false;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 5000));
      return true;
    });
    await bench.pull();
    expect(bench.notes.join('\n')).toMatch(/no byte came for 0\.3 s; trying again/);
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('has another version in the middle of it: what was taken of the first counts for nothing', async () => {
    const other = makeTar([
      { name: 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg', content: Buffer.alloc(9000, 1) },
      { name: 'VOCdevkit/VOC2012/JPEGImages/wrong.jpg', content: Buffer.alloc(9000, 2) },
    ]);
    let times = 0;
    bench.server.faults.set(VOC, (_, response) => {
      if (times++ > 0) return false;
      response.writeHead(200, { 'content-length': bench.archives.get(VOC)!.length, etag: '"older"' });
      response.write(other, () => response.destroy());
      return true;
    });
    await bench.pull();
    expect(bench.tree()).toEqual(VOC_FILES);
    expect(
      readFileSync(join(bench.data, 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg')).equals(imageOf('2007_000033')),
    ).toBe(true);
  });

  test('is busy and says how long', async () => {
    let times = 0;
    bench.server.faults.set(VOC, (_, response) => {
      if (times++ > 0) return false;
      response.writeHead(503, { 'retry-after': '0' }).end();
      return true;
    });
    await bench.pull();
    expect(bench.notes.join('\n')).toContain('the server answers 503 Service Unavailable; trying again in 0.0 s');
  });

  test('redirects', async () => {
    bench.server.faults.set(VOC, (request, response) => {
      if (request.url!.startsWith('/elsewhere/')) return false;
      response.writeHead(302, { location: `/elsewhere/${VOC}` }).end();
      return true;
    });
    await bench.pull();
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test.each<[string, number, RegExp]>([
    ['has it no more', 404, /the server has no such file \(404\)/],
    ['forbids it', 403, /the server answers 403 Forbidden/],
    ['forbids public access', 409, /the server answers 409 Conflict/],
  ])('%s: one sentence, and a way by hand', async (_, status, sentence) => {
    bench.server.faults.set(VOC, (__, response) => {
      response.writeHead(status).end();
      return true;
    });
    const { message, fix } = await bench.failure();
    expect(message).toMatch(sentence);
    expect(fix).toContain(`${DATA_SOURCES.voc21.steps.map((step) => 'archive' in step && step.archive.url)[0]}`);
    expect(fix).toContain('--from-archives');
    expect(bench.server.asked(VOC)).toBe(1);
  });

  test('sends a web page', async () => {
    bench.server.faults.set(VOC, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>log in</html>');
      return true;
    });
    expect((await bench.failure()).message).toContain('a web page came in its place');
  });

  test('announces another size: nothing is fetched', async () => {
    bench.publish();
    const size = bench.archives.get(VOC)!.length;
    bench.archives.set(VOC, makeTar([]));
    expect((await bench.failure()).message).toContain(`the server has 1024 bytes, expected ${size}`);
    expect(bench.tree()).toEqual([]);
  });

  test('sends other bytes of the same size: they are deleted, and nothing of them is in the data folder', async () => {
    bench.publish();
    const content = Buffer.from(bench.archives.get(VOC)!);
    content[content.indexOf('2007_000032\n')] ^= 1;
    bench.archives.set(VOC, content);
    expect((await bench.failure()).message).toMatch(
      /what came has the MD5 [0-9a-f]{32}, expected [0-9a-f]{32}; it was deleted/,
    );
    expect(bench.tree().filter((path) => path.startsWith('VOCdevkit'))).toEqual([]);
    // Unless somebody says that it is right.
    await bench.pull('voc21', { unverified: true });
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('sends an archive that is damaged, of which no checksum is known', async () => {
    const whole = bench.archives.get(COCO)!;
    bench.archives.set(COCO, Buffer.from(whole).fill(0xff, 60, 90));
    expect((await bench.failure('coco-stuff')).message).toMatch(
      /the archive stuffthingmaps_trainval2017.zip cannot be used: /,
    );
    bench.archives.set(COCO, whole.subarray(0, whole.length - 30));
    expect((await bench.failure('coco-stuff')).message).toContain('it is cut off after');
    bench.archives.set(COCO, whole);
    await bench.pull('coco-stuff');
    expect(bench.server.asked('val2017.zip')).toBe(1);
  });
});

describe('archives that are hostile', () => {
  const hostile = async (entries: Parameters<typeof makeZip>[0]) => {
    bench.archives.set(COCO, makeZip(entries));
    const { message } = await bench.failure('coco-stuff');
    return message;
  };

  test.each([
    'val2017/../../../../evil.png',
    'val2017//etc/evil.png',
    'val2017/a\\..\\..\\evil.png',
    'val2017/C:evil.png',
    'val2017/a\0.png',
    'val2017/./evil.png',
    'val2017/con./evil.png',
  ])('a name that leads out of the folder is refused: %j', async (name) => {
    expect(await hostile([{ name, content: 'x' }])).toContain(`its entry ${JSON.stringify(name)} would lead out`);
    expect(bench.tree(bench.folder).filter((path) => path.includes('evil'))).toEqual([]);
  });

  test('names outside of what is wanted do nothing', async () => {
    bench.archives.set(
      COCO,
      makeZip([
        { name: '../evil.png', content: 'x' },
        { name: '/etc/evil.png', content: 'x' },
      ]),
    );
    expect((await bench.failure('coco-stuff')).message).toContain('it has no files val2017/*.png');
    expect(bench.tree(bench.folder).filter((path) => path.includes('evil'))).toEqual([]);
  });

  test('an entry that unpacks to more than any picture is refused', async () => {
    const zeros = Buffer.alloc((1 << 28) + 1);
    expect(await hostile([{ name: 'val2017/a.png', content: zeros }])).toContain('has 268435457 bytes');
    expect(await hostile([{ name: 'val2017/a.png', content: zeros, descriptor: 'signed' }])).toContain('is damaged');
  }, 60_000);
});
