import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RfclipError } from '../../../engine/errors.ts';
import { BENCHMARKS } from '../../../datasets/benchmarks/index.ts';
import { openDataSet } from '../../../datasets/dataSet.ts';
import { type DataPullOptions, pullDataSet } from '../../../datasets/pull/pullDataSet.ts';
import { DATA_SOURCES } from '../../../datasets/pull/sources.ts';
import { thisHolder } from '../../../system/lockHolder.ts';
import type { Reporter } from '../../../system/reporter.ts';
import { cutAfter } from '../../weights/fileServer.ts';
import { type ArchiveServer, serveArchives } from './archiveServer.ts';
import { makeTar, makeZip } from './makeArchives.ts';
import { imageOf, miniatureArchives, miniatureSources, PULLED_IDS, voc2012 } from './miniatureArchives.ts';

const VOC = 'VOCtrainval_11-May-2012.tar';
const COCO = 'stuffthingmaps_trainval2017.zip';
let folder: string;
let data: string;
let archives: Map<string, Buffer>;
let server: ArchiveServer;
let notes: string[];
const reporter: Reporter = {
  note: (line) => void notes.push(line),
  failure: (line) => void notes.push(line),
  progress: () => ({ step: () => {}, stop: () => {} }),
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-pull-'));
  data = join(folder, 'data');
  archives = miniatureArchives();
  server = await serveArchives(archives);
  process.env.RFCLIP_DATA_BASE_URL = server.url;
  notes = [];
});
afterEach(async () => {
  delete process.env.RFCLIP_DATA_BASE_URL;
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const patience = { attempts: 3, backoffMilliseconds: 1, stallMilliseconds: 300 };
let published: ReturnType<typeof miniatureSources> | undefined;
const pull = (name = 'voc21', options: DataPullOptions = {}) =>
  pullDataSet(name, data, {
    sources: published ?? miniatureSources(archives),
    threads: 1,
    reporter,
    patience,
    ...options,
  });
afterEach(() => void (published = undefined));

async function failure(name?: string, options?: DataPullOptions): Promise<RfclipError> {
  const error = await pull(name, options).then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  expect((error as RfclipError).code ?? error).toMatch(/^RFCLIP-/);
  return error as RfclipError;
}

/** All files below the data folder, sorted. */
const tree = (place = data) =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place.length + 1))
    .sort();
const write = (path: string, content: string | Uint8Array) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};
const VOC_FILES = [
  'rfclip-sources.json',
  'VOCdevkit/VOC2012/ImageSets/Segmentation/train.txt',
  'VOCdevkit/VOC2012/ImageSets/Segmentation/val.txt',
  'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg',
  'VOCdevkit/VOC2012/JPEGImages/2007_000042.jpg',
  'VOCdevkit/VOC2012/SegmentationClass/2007_000032.png',
  'VOCdevkit/VOC2012/SegmentationClass/2007_000033.png',
  'VOCdevkit/VOC2012/SegmentationClass/2007_000042.png',
].sort();

describe('every benchmark that can be fetched', () => {
  test.each(BENCHMARKS.map(({ name }) => name).filter((name) => name !== 'cityscapes'))(
    '%s lies as the evaluation looks for it; a second pull asks for nothing',
    async (name) => {
      const { dataSet, pulled } = await pull(name);
      expect(pulled).toBe(true);
      expect(dataSet.pairs.map(({ id }) => id)).toEqual(PULLED_IDS[name]);
      for (const { id, image } of openDataSet(name, data).pairs)
        expect(readFileSync(image).equals(imageOf(id))).toBe(true);
      expect(existsSync(join(data, 'archives'))).toBe(false);
      const requests = server.requests.length;
      expect(await pull(name)).toMatchObject({ pulled: false });
      expect(server.requests.length).toBe(requests);
    },
  );

  test('of an archive only what is wanted is taken', async () => {
    await pull();
    expect(tree()).toEqual(VOC_FILES);
  });

  test('also where the split stands behind the images in the archive', async () => {
    archives.set(VOC, voc2012({ listLast: true }));
    await pull();
    expect(tree()).toEqual(VOC_FILES);
  });

  test('archives that two benchmarks share are fetched once', async () => {
    await pull('coco-stuff');
    await pull('coco-object');
    expect([server.asked('val2017.zip'), server.asked(COCO)]).toEqual([1, 1]);
    expect(openDataSet('coco-object', data).pairs).toHaveLength(2);
  });

  test('the table names what the benchmarks are called, and a root that their layouts have', () => {
    expect(Object.keys(DATA_SOURCES).sort()).toEqual(BENCHMARKS.map(({ name }) => name).sort());
    for (const { name, layout } of BENCHMARKS) expect(layout.roots).toContain(DATA_SOURCES[name].root);
  });

  test('what came is written down, and a change of an archive without a checksum is told', async () => {
    await pull('coco-stuff');
    const before = JSON.parse(readFileSync(join(data, 'rfclip-sources.json'), 'utf8'));
    expect(before.archives[COCO]).toMatchObject({ checked: false, fetched: true, bytes: archives.get(COCO)!.length });
    expect(before.archives['val2017.zip']).toMatchObject({ checked: true });
    expect(notes.join('\n')).toContain(
      `${COCO} was compared with no checksum; its SHA-256, ${before.archives[COCO].sha256}`,
    );
    rmSync(join(data, 'coco_stuff164k/annotations'), { recursive: true });
    archives.set(COCO, makeZip([{ name: 'val2017/000000000139.png', content: 'x' }]));
    await failure('coco-stuff');
    expect(notes.join('\n')).toMatch(new RegExp(`${COCO} is another than on \\d{4}-\\d\\d-\\d\\d: its SHA-256 is`));
  });
});

describe('Cityscapes', () => {
  test('says where to register and what to do then', async () => {
    const { message, fix } = await failure('cityscapes');
    expect(message).toBe(
      'Cityscapes is given to people who registered only, so leftImg8bit_trainvaltest.zip and ' +
        'gtFine_trainvaltest.zip cannot be fetched',
    );
    expect(fix).toContain('register at https://www.cityscapes-dataset.com');
    expect(fix).toContain('--from-archives FOLDER');
    expect(server.requests).toEqual([]);
  });

  test('is made of archives that were fetched by hand, which stay', async () => {
    const hand = join(folder, 'hand');
    for (const file of ['leftImg8bit_trainvaltest.zip', 'gtFine_trainvaltest.zip'])
      write(join(hand, file), archives.get(file)!);
    const { dataSet } = await pull('cityscapes', { fromArchives: hand });
    expect(dataSet.pairs.map(({ id }) => id)).toEqual(PULLED_IDS.cityscapes);
    expect(tree(hand)).toHaveLength(2);
    expect(server.requests).toEqual([]);
  });
});

describe('a server that misbehaves', () => {
  test('cuts the connection again and again: it goes on where it was', async () => {
    server.faults.set(VOC, cutAfter(2000));
    // What it is cut from has an entity tag of its own.
    await pull('voc21', { patience: { ...patience, attempts: 2 } });
    expect(server.asked(VOC)).toBeGreaterThan(3);
    expect(server.requests.some(({ range }) => range !== undefined)).toBe(true);
    expect(tree()).toEqual(VOC_FILES);
  });

  test('stalls: it is told and tried again', async () => {
    let times = 0;
    server.faults.set(VOC, (_, response, content) => {
      if (times++ > 0) return false;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 5000));
      return true;
    });
    await pull();
    expect(notes.join('\n')).toMatch(/no byte came for 0\.3 s; trying again/);
    expect(tree()).toEqual(VOC_FILES);
  });

  test('has another version in the middle of it: what was taken of the first counts for nothing', async () => {
    const other = makeTar([
      { name: 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg', content: Buffer.alloc(9000, 1) },
      { name: 'VOCdevkit/VOC2012/JPEGImages/wrong.jpg', content: Buffer.alloc(9000, 2) },
    ]);
    let times = 0;
    server.faults.set(VOC, (_, response) => {
      if (times++ > 0) return false;
      response.writeHead(200, { 'content-length': archives.get(VOC)!.length, etag: '"older"' });
      response.write(other, () => response.destroy());
      return true;
    });
    await pull();
    expect(tree()).toEqual(VOC_FILES);
    expect(
      readFileSync(join(data, 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg')).equals(imageOf('2007_000033')),
    ).toBe(true);
  });

  test('is busy and says how long', async () => {
    let times = 0;
    server.faults.set(VOC, (_, response) => {
      if (times++ > 0) return false;
      response.writeHead(503, { 'retry-after': '0' }).end();
      return true;
    });
    await pull();
    expect(notes.join('\n')).toContain('the server answers 503 Service Unavailable; trying again in 0.0 s');
  });

  test('redirects', async () => {
    server.faults.set(VOC, (request, response) => {
      if (request.url!.startsWith('/elsewhere/')) return false;
      response.writeHead(302, { location: `/elsewhere/${VOC}` }).end();
      return true;
    });
    await pull();
    expect(tree()).toEqual(VOC_FILES);
  });

  test.each<[string, number, RegExp]>([
    ['has it no more', 404, /the server has no such file \(404\)/],
    ['forbids it', 403, /the server answers 403 Forbidden/],
    ['forbids public access', 409, /the server answers 409 Conflict/],
  ])('%s: one sentence, and a way by hand', async (_, status, sentence) => {
    server.faults.set(VOC, (__, response) => {
      response.writeHead(status).end();
      return true;
    });
    const { message, fix } = await failure();
    expect(message).toMatch(sentence);
    expect(fix).toContain(`${DATA_SOURCES.voc21.steps.map((step) => 'archive' in step && step.archive.url)[0]}`);
    expect(fix).toContain('--from-archives');
    expect(server.asked(VOC)).toBe(1);
  });

  test('sends a web page', async () => {
    server.faults.set(VOC, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>log in</html>');
      return true;
    });
    expect((await failure()).message).toContain('a web page came in its place');
  });

  test('announces another size: nothing is fetched', async () => {
    published = miniatureSources(archives);
    const size = archives.get(VOC)!.length;
    archives.set(VOC, makeTar([]));
    expect((await failure()).message).toContain(`the server has 1024 bytes, expected ${size}`);
    expect(tree()).toEqual([]);
  });

  test('sends other bytes of the same size: they are deleted, and nothing of them is in the data folder', async () => {
    published = miniatureSources(archives);
    const content = Buffer.from(archives.get(VOC)!);
    content[content.indexOf('2007_000032\n')] ^= 1;
    archives.set(VOC, content);
    expect((await failure()).message).toMatch(
      /what came has the MD5 [0-9a-f]{32}, expected [0-9a-f]{32}; it was deleted/,
    );
    expect(tree().filter((path) => path.startsWith('VOCdevkit'))).toEqual([]);
    // Unless somebody says that it is right.
    await pull('voc21', { unverified: true });
    expect(tree()).toEqual(VOC_FILES);
  });

  test('sends an archive that is damaged, of which no checksum is known', async () => {
    const whole = archives.get(COCO)!;
    archives.set(COCO, Buffer.from(whole).fill(0xff, 60, 90));
    expect((await failure('coco-stuff')).message).toMatch(
      /the archive stuffthingmaps_trainval2017.zip cannot be used: /,
    );
    archives.set(COCO, whole.subarray(0, whole.length - 30));
    expect((await failure('coco-stuff')).message).toContain('it is cut off after');
    archives.set(COCO, whole);
    await pull('coco-stuff');
    expect(server.asked('val2017.zip')).toBe(1);
  });
});

describe('archives that are hostile', () => {
  const hostile = async (entries: Parameters<typeof makeZip>[0]) => {
    archives.set(COCO, makeZip(entries));
    const { message } = await failure('coco-stuff');
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
    expect(tree(folder).filter((path) => path.includes('evil'))).toEqual([]);
  });

  test('names outside of what is wanted do nothing', async () => {
    archives.set(
      COCO,
      makeZip([
        { name: '../evil.png', content: 'x' },
        { name: '/etc/evil.png', content: 'x' },
      ]),
    );
    expect((await failure('coco-stuff')).message).toContain('it has no files val2017/*.png');
    expect(tree(folder).filter((path) => path.includes('evil'))).toEqual([]);
  });

  test('an entry that unpacks to more than any picture is refused', async () => {
    const zeros = Buffer.alloc((1 << 28) + 1);
    expect(await hostile([{ name: 'val2017/a.png', content: zeros }])).toContain('has 268435457 bytes');
    expect(await hostile([{ name: 'val2017/a.png', content: zeros, descriptor: 'signed' }])).toContain('is damaged');
  }, 60_000);
});

describe('what is there stays', () => {
  const image = () => join(data, 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg');

  test('a file with other bytes is not replaced, and nothing is moved', async () => {
    write(image(), 'mine');
    const error = await failure();
    expect(error.code).toBe('RFCLIP-OVERWRITE');
    expect(error.message).toBe(`${image()} would be replaced, but rfclip did not make it`);
    expect(readFileSync(image(), 'utf8')).toBe('mine');
    expect(existsSync(join(data, 'VOCdevkit/VOC2012/SegmentationClass'))).toBe(false);
    // The archive is there by now.
    await pull('voc21', { overwrite: true });
    expect(server.asked(VOC)).toBe(1);
    expect(tree()).toEqual(VOC_FILES);
  });

  test('a file with the same bytes is left, and one that was deleted comes again', async () => {
    await pull();
    rmSync(image());
    await pull();
    expect(tree()).toEqual(VOC_FILES);
  });

  test('a record that is none is not replaced', async () => {
    write(join(data, 'rfclip-sources.json'), '{"mine": 1}');
    expect((await failure()).message).toContain('rfclip-sources.json would be replaced');
    expect(readFileSync(join(data, 'rfclip-sources.json'), 'utf8')).toBe('{"mine": 1}');
  });

  test('files go where the images are already', async () => {
    mkdirSync(join(data, 'VOC2012/JPEGImages'), { recursive: true });
    const { dataSet } = await pull();
    expect(dataSet.root).toBe(join(data, 'VOC2012'));
  });
});

describe('an interruption', () => {
  test('leaves what the next pull goes on with', async () => {
    const stop = new AbortController();
    server.faults.set(VOC, (_, response, content) => {
      if (server.asked(VOC) > 1) return false;
      response.writeHead(200, { 'content-length': content.length, etag: '"v"' });
      response.write(content.subarray(0, 6000), () => setTimeout(() => stop.abort(new Error('enough')), 50));
      return true;
    });
    await expect(pull('voc21', { signal: stop.signal })).rejects.toThrow('enough');
    expect(tree()).toContain(`archives/${VOC}.part`);
    server.faults.set(VOC, (request, response, content) => {
      expect(request.headers.range).toBe('bytes=6000-');
      response.writeHead(206, {
        'content-range': `bytes 6000-${content.length - 1}/${content.length}`,
        'content-length': content.length - 6000,
      });
      response.end(content.subarray(6000));
      return true;
    });
    await pull();
    expect(tree()).toEqual(VOC_FILES);
  });

  test('what was taken of an archive that has changed since counts for nothing, though sizes are the same', async () => {
    const older = Buffer.alloc(imageOf('2007_000033').length, 7);
    const place = 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg';
    const staged = join(data, 'archives', `${VOC}.unpacked`, 'JPEGImages/2007_000033.jpg');
    const first = makeTar([
      { name: place, content: older },
      { name: 'x', content: Buffer.alloc(50_000) },
    ]);
    server.faults.set(VOC, (_, response) => {
      response.writeHead(200, { 'content-length': archives.get(VOC)!.length, etag: '"older"' });
      response.write(first.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 200));
      return true;
    });
    await failure('voc21', { patience: { ...patience, attempts: 1 } });
    expect(readFileSync(staged).equals(older)).toBe(true);
    server.faults.delete(VOC);
    // As a download that ended, and as an archive that somebody brought.
    rmSync(join(data, 'archives', `${VOC}.part`));
    write(join(data, 'archives', VOC), archives.get(VOC)!);
    await pull();
    expect(readFileSync(join(data, place)).equals(imageOf('2007_000033'))).toBe(true);
    rmSync(join(data, 'VOCdevkit'), { recursive: true });
    rmSync(join(data, 'archives', VOC));
    write(staged, older);
    await pull();
    expect(readFileSync(join(data, place)).equals(imageOf('2007_000033'))).toBe(true);
  });

  test('while an archive is unpacked: files that were taken are not read again', async () => {
    const stop = new Error('stop');
    archives.set(VOC, voc2012({ more: 4_000_000 }));
    write(join(data, 'archives', VOC), archives.get(VOC)!);
    let times = 0;
    const stopping: Reporter = {
      ...reporter,
      progress: () => ({
        step: () => {
          if (times++ === 10) throw stop;
        },
        stop: () => {},
      }),
    };
    await expect(pull('voc21', { reporter: stopping })).rejects.toBe(stop);
    const unpacked = join(data, 'archives', `${VOC}.unpacked`);
    const before = tree(unpacked).map((path) => [path, statSync(join(unpacked, path)).mtimeMs] as const);
    expect(before.length).toBeGreaterThan(1);
    await pull();
    for (const [path, time] of before.filter(([path]) => path !== '.archive'))
      expect(statSync(join(data, 'VOCdevkit/VOC2012', path)).mtimeMs).toBe(time);
    expect(tree()).toEqual([...VOC_FILES, `archives/${VOC}`].sort());
  });

  test('between the archive and its files: the archive is not fetched again, and goes at the end', async () => {
    write(join(data, 'VOCdevkit/VOC2012/SegmentationClass/2007_000033.png'), 'mine');
    await failure();
    expect(tree()).toContain(`archives/${VOC}`);
    rmSync(join(data, 'VOCdevkit'), { recursive: true });
    await pull();
    expect(server.asked(VOC)).toBe(1);
    expect(tree()).toEqual(VOC_FILES);
  });
});

describe('the disk, the lock and archives by hand', () => {
  test('space is looked at before the first byte', async () => {
    const { message, fix } = await failure('voc21', { freeBytes: () => 1000 });
    expect(message).toMatch(/data has 0\.000 GB free, expected 0\.000 GB for VOCtrainval_11-May-2012\.tar and what is/);
    expect(fix).toContain('--data');
    expect(server.requests).toEqual([]);
  });

  test('and once the size is announced that nobody knew', async () => {
    let free = 1e9;
    server.faults.set('trainval_merged.json', () => void (free = 10));
    expect((await failure('context59', { freeBytes: () => free })).message).toContain('for trainval_merged.json');
    expect(server.asked('trainval_merged.json')).toBe(1);
  });

  test('two processes do not pull into one folder', async () => {
    write(join(data, 'archives/pull.lock'), JSON.stringify({ ...thisHolder(), process: process.ppid }));
    const { message, fix } = await failure();
    expect(message).toContain(`another pull into ${data} is running (process ${process.ppid} on `);
    expect(fix).toContain('pull.lock');
  });

  test('archives that are kept are used again and stay', async () => {
    await pull('voc21', { keepArchives: true });
    expect(tree()).toEqual([...VOC_FILES, `archives/${VOC}`].sort());
    rmSync(join(data, 'VOCdevkit'), { recursive: true });
    await pull('voc21', { keepArchives: true });
    expect(server.asked(VOC)).toBe(1);
    expect(tree()).toEqual([...VOC_FILES, `archives/${VOC}`].sort());
  });

  test('an archive by hand that is another is named', async () => {
    const hand = join(folder, 'hand');
    write(join(hand, VOC), 'nothing');
    const { message, fix } = await failure('voc21', { fromArchives: hand });
    expect(message).toContain(`the archive ${join(hand, VOC)} cannot be used: it has 7 bytes, expected`);
    expect(fix).toContain('--unverified');
    expect((await failure('voc21', { fromArchives: join(folder, 'none') })).message).toContain(
      'does not exist or is not a folder',
    );
    expect(tree(hand)).toEqual([VOC]);
  });

  test('a folder that cannot be made, and a name that is none', async () => {
    writeFileSync(data, 'a file');
    expect((await failure()).message).toContain('cannot be made (ENOTDIR)');
    expect((await failure('imagenet')).message).toContain('there is no benchmark imagenet, expected one of voc21');
  });

  test('files that the archives lack are named', async () => {
    archives.set(
      'VOCtrainval_03-May-2010.tar',
      makeTar([{ name: 'VOCdevkit/VOC2010/JPEGImages/2008_000002.jpg', content: imageOf('2008_000002') }]),
    );
    expect((await failure('context60')).message).toMatch(
      /the archives lack 1 of the files of PASCAL Context .*2010_006086\.jpg is the first/,
    );
  });
});
