import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BENCHMARKS } from '../../../datasets/benchmarks/index.ts';
import { openDataSet } from '../../../datasets/dataSet.ts';
import { DATA_SOURCES } from '../../../datasets/pull/sources.ts';
import { makeZip } from './makeArchives.ts';
import { imageOf, PULLED_IDS, voc2012 } from './miniatureArchives.ts';
import { COCO, usePullBench, VOC, VOC_FILES, write } from './pullBench.ts';

const bench = usePullBench();

describe('every benchmark that can be fetched', () => {
  test.each(BENCHMARKS.map(({ name }) => name).filter((name) => name !== 'cityscapes'))(
    '%s lies as the evaluation looks for it; a second pull asks for nothing',
    async (name) => {
      const { dataSet, pulled } = await bench.pull(name);
      expect(pulled).toBe(true);
      expect(dataSet.pairs.map(({ id }) => id)).toEqual(PULLED_IDS[name]);
      for (const { id, image } of openDataSet(name, bench.data).pairs)
        expect(readFileSync(image).equals(imageOf(id))).toBe(true);
      expect(existsSync(join(bench.data, 'archives'))).toBe(false);
      const requests = bench.server.requests.length;
      expect(await bench.pull(name)).toMatchObject({ pulled: false });
      expect(bench.server.requests.length).toBe(requests);
    },
  );

  test('of an archive only what is wanted is taken', async () => {
    await bench.pull();
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('also where the split stands behind the images in the archive', async () => {
    bench.archives.set(VOC, voc2012({ listLast: true }));
    await bench.pull();
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('archives that two benchmarks share are fetched once', async () => {
    await bench.pull('coco-stuff');
    await bench.pull('coco-object');
    expect([bench.server.asked('val2017.zip'), bench.server.asked(COCO)]).toEqual([1, 1]);
    expect(openDataSet('coco-object', bench.data).pairs).toHaveLength(2);
  });

  test('the table names what the benchmarks are called, and a root that their layouts have', () => {
    expect(Object.keys(DATA_SOURCES).sort()).toEqual(BENCHMARKS.map(({ name }) => name).sort());
    for (const { name, layout } of BENCHMARKS) expect(layout.roots).toContain(DATA_SOURCES[name].root);
  });

  test('what came is written down, and a change of an archive without a checksum is told', async () => {
    await bench.pull('coco-stuff');
    const before = JSON.parse(readFileSync(join(bench.data, 'rfclip-sources.json'), 'utf8'));
    expect(before.archives[COCO]).toMatchObject({
      checked: false,
      fetched: true,
      bytes: bench.archives.get(COCO)!.length,
    });
    expect(before.archives['val2017.zip']).toMatchObject({ checked: true });
    expect(bench.notes.join('\n')).toContain(
      `${COCO} was compared with no checksum; its SHA-256, ${before.archives[COCO].sha256}`,
    );
    rmSync(join(bench.data, 'coco_stuff164k/annotations'), { recursive: true });
    bench.archives.set(COCO, makeZip([{ name: 'val2017/000000000139.png', content: 'x' }]));
    await bench.failure('coco-stuff');
    expect(bench.notes.join('\n')).toMatch(
      new RegExp(`${COCO} is another than on \\d{4}-\\d\\d-\\d\\d: its SHA-256 is`),
    );
  });
});

describe('Cityscapes', () => {
  test('says where to register and what to do then', async () => {
    const { message, fix } = await bench.failure('cityscapes');
    expect(message).toBe(
      'Cityscapes is given to people who registered only, so leftImg8bit_trainvaltest.zip and ' +
        'gtFine_trainvaltest.zip cannot be fetched',
    );
    expect(fix).toContain('register at https://www.cityscapes-dataset.com');
    expect(fix).toContain('--from-archives FOLDER');
    expect(bench.server.requests).toEqual([]);
  });

  test('is made of archives that were fetched by hand, which stay', async () => {
    const hand = join(bench.folder, 'hand');
    for (const file of ['leftImg8bit_trainvaltest.zip', 'gtFine_trainvaltest.zip'])
      write(join(hand, file), bench.archives.get(file)!);
    const { dataSet } = await bench.pull('cityscapes', { fromArchives: hand });
    expect(dataSet.pairs.map(({ id }) => id)).toEqual(PULLED_IDS.cityscapes);
    expect(bench.tree(hand)).toHaveLength(2);
    expect(bench.server.requests).toEqual([]);
  });
});

describe('what is there stays', () => {
  const image = () => join(bench.data, 'VOCdevkit/VOC2012/JPEGImages/2007_000033.jpg');

  test('a file with other bytes is not replaced, and nothing is moved', async () => {
    write(image(), 'mine');
    const error = await bench.failure();
    expect(error.code).toBe('RFCLIP-OVERWRITE');
    expect(error.message).toBe(`${image()} would be replaced, but rfclip did not make it`);
    expect(readFileSync(image(), 'utf8')).toBe('mine');
    expect(existsSync(join(bench.data, 'VOCdevkit/VOC2012/SegmentationClass'))).toBe(false);
    // The archive is there by now.
    await bench.pull('voc21', { overwrite: true });
    expect(bench.server.asked(VOC)).toBe(1);
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('a file with the same bytes is left, and one that was deleted comes again', async () => {
    await bench.pull();
    rmSync(image());
    await bench.pull();
    expect(bench.tree()).toEqual(VOC_FILES);
  });

  test('a record that is none is not replaced', async () => {
    write(join(bench.data, 'rfclip-sources.json'), '{"mine": 1}');
    expect((await bench.failure()).message).toContain('rfclip-sources.json would be replaced');
    expect(readFileSync(join(bench.data, 'rfclip-sources.json'), 'utf8')).toBe('{"mine": 1}');
  });

  test('files go where the images are already', async () => {
    mkdirSync(join(bench.data, 'VOC2012/JPEGImages'), { recursive: true });
    const { dataSet } = await bench.pull();
    expect(dataSet.root).toBe(join(bench.data, 'VOC2012'));
  });
});
