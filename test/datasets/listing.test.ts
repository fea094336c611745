import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BENCHMARKS, findBenchmark } from '../../datasets/benchmarks/index.ts';
import { checkPair } from '../../datasets/checkPair.ts';
import { openDataSet } from '../../datasets/dataSet.ts';
import { listBenchmark } from '../../datasets/listing.ts';
import { buildMiniature, noiseJpeg, noiseLabels, writeUnder } from './miniatures.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-listing-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.each(BENCHMARKS.map((benchmark) => [benchmark.name, benchmark] as const))('%s', (name, benchmark) => {
  it.each(benchmark.layout.roots.map((root, index) => [root === '' ? 'the data folder' : root, index] as const))(
    'is found in %s',
    async (_, root) => {
      const miniature = buildMiniature(benchmark, folder, root);
      const listing = listBenchmark(benchmark, folder);
      expect(listing.root).toBe(miniature.root);
      expect(listing.pairs.map(({ id }) => id)).toEqual(miniature.ids);
      expect(listing.missing).toEqual([]);
      for (const pair of listing.pairs) expect(await checkPair(pair)).toEqual([]);
      const dataSet = openDataSet(name, folder);
      expect(dataSet).toMatchObject({
        name,
        pairs: listing.pairs,
        reduceZeroLabel: benchmark.reduceZeroLabel,
        expectedPairs: benchmark.expectedPairs,
      });
      expect(dataSet.classes.classes).toHaveLength(benchmark.classes.length);
    },
  );

  it('reports a missing label', () => {
    const { ids } = buildMiniature(benchmark, folder);
    const [first] = listBenchmark(benchmark, folder).pairs;
    rmSync(first.label);
    const { pairs, missing } = listBenchmark(benchmark, folder);
    expect(pairs.map(({ id }) => id)).toEqual(ids.slice(1));
    expect(missing).toEqual([{ id: ids[0], kind: 'label', path: first.label }]);
  });

  it('reports missing images where a split names them', () => {
    const { ids } = buildMiniature(benchmark, folder);
    rmSync(listBenchmark(benchmark, folder).pairs[1].image);
    const { pairs, missing } = listBenchmark(benchmark, folder);
    expect(pairs.map(({ id }) => id)).toEqual([ids[0], ids[2]]);
    expect(missing.map(({ id, kind }) => `${kind} ${id}`)).toEqual(
      benchmark.layout.splitFile === undefined ? [] : [`image ${ids[1]}`],
    );
  });

  it('says what is missing altogether and how to get it', () => {
    const fails = (message: RegExp) => {
      try {
        listBenchmark(benchmark, folder);
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).toMatch(message);
        expect((error as { fix?: string }).fix).toContain(benchmark.fetch[0]);
      }
    };
    fails(/does not hold .*: it has none of the folders/);
    const { root } = buildMiniature(benchmark, folder);
    for (const labels of benchmark.layout.labelFolders) rmSync(join(root, labels), { recursive: true, force: true });
    fails(/has no label folder/);
    buildMiniature(benchmark, folder);
    if (benchmark.layout.splitFile !== undefined) {
      rmSync(join(root, benchmark.layout.splitFile));
      fails(/the split file .* does not exist/);
    } else {
      rmSync(join(root, benchmark.layout.imageFolder), { recursive: true });
      mkdirSync(join(root, benchmark.layout.imageFolder));
      fails(/has no image; expected names that end in/);
    }
    rmSync(folder, { recursive: true });
    fails(/the data folder .* does not exist/);
  });
});

describe('of several folders with the images', () => {
  const [object, stuff] = [findBenchmark('coco-object')!, findBenchmark('coco-stuff')!];

  it('takes the one with the labels of the benchmark', () => {
    const places = {
      object: buildMiniature(object, folder, object.layout.roots.indexOf('coco')).root,
      stuff: buildMiniature(stuff, folder, stuff.layout.roots.indexOf('coco_stuff164k')).root,
    };
    expect([listBenchmark(object, folder).root, listBenchmark(stuff, folder).root]).toEqual([
      places.object,
      places.stuff,
    ]);
    mkdirSync(join(folder, 'images/val2017'), { recursive: true });
    expect([listBenchmark(object, folder).root, listBenchmark(stuff, folder).root]).toEqual([
      places.object,
      places.stuff,
    ]);
  });

  it('takes the first where both have some', () => {
    const roots = ['coco_stuff164k', 'coco'].map(
      (root) => buildMiniature(object, folder, object.layout.roots.indexOf(root)).root,
    );
    expect(listBenchmark(object, folder).root).toBe(roots[0]);
  });

  it('says so where none has labels of the benchmark', () => {
    const { root } = buildMiniature(stuff, folder, stuff.layout.roots.indexOf('coco_stuff164k'));
    try {
      listBenchmark(object, folder);
      expect.unreachable();
    } catch (error) {
      const first = join(root, 'annotations/val2017/000000000139_instanceTrainIds.png');
      expect(error).toMatchObject({
        code: 'RFCLIP-DATASET',
        message:
          `${root} has no image of COCO-Object with its label map: 3 of 3 images and 0 of 3 label maps are ` +
          `there, and ${first} is the first that is missing`,
        fix: expect.stringContaining('rfclip convert coco-object'),
      });
    }
    const dataSet = openDataSet('coco-object', folder, { allowNone: true });
    expect([dataSet.root, dataSet.pairs.length, dataSet.missing.map(({ kind }) => kind)]).toEqual([
      root,
      0,
      ['label', 'label', 'label'],
    ]);
  });
});

it('takes the second label folder where the first is absent', () => {
  const benchmark = findBenchmark('voc21')!;
  const { root } = buildMiniature(
    { ...benchmark, layout: { ...benchmark.layout, labelFolders: ['SegmentationClassAug'] } },
    folder,
  );
  expect(listBenchmark(benchmark, folder).labelFolder).toBe(join(root, 'SegmentationClassAug'));
});

it('follows links, but not in circles, and passes hidden files over', () => {
  const benchmark = findBenchmark('coco-stuff')!;
  const { root, ids } = buildMiniature(benchmark, folder);
  symlinkSync(join(root, 'images'), join(root, 'images/val2017/loop'));
  writeFileSync(join(root, 'images/val2017/._000000000139.jpg'), '');
  writeFileSync(join(root, 'images/val2017/notes.txt'), '');
  const found = listBenchmark(benchmark, folder).pairs.map(({ id }) => id);
  expect(found).toEqual(ids);
});

it('refuses unknown names and missing folders', () => {
  expect(() => openDataSet('voc22', folder)).toThrow(/no data set voc22, expected one of voc21/);
  expect(() => openDataSet('voc21')).toThrow(/needs the folder/);
  expect(openDataSet('sample').pairs).toHaveLength(40);
});

describe('checkPair', () => {
  const pair = (image: Uint8Array | string, label: Uint8Array | string) => ({
    id: 'a',
    image: writeUnder(folder, 'a.jpg', image),
    label: writeUnder(folder, 'a.png', label),
  });

  it('names every kind of damage', async () => {
    expect(await checkPair(pair(noiseJpeg(1), noiseLabels(1, 5)))).toEqual([]);
    expect(await checkPair(pair(noiseJpeg(1), noiseLabels(1, 5, 18, 24)))).toEqual([
      expect.stringMatching(/a\.png has 18 x 24 pixels, but .*a\.jpg has 24 x 18/),
    ]);
    expect(await checkPair(pair('', 'no picture'))).toEqual([
      expect.stringContaining('a.jpg is empty'),
      expect.stringContaining('a.png is no picture we know'),
    ]);
    expect(await checkPair(pair(noiseJpeg(1).subarray(0, -40), noiseLabels(1, 5).subarray(0, -30)))).toEqual([
      expect.stringContaining('a.jpg is a truncated JPEG picture'),
      expect.stringContaining('a.png is a truncated PNG picture'),
    ]);
    const swapped = pair(noiseJpeg(1), noiseJpeg(2));
    expect(await checkPair(swapped)).toEqual([
      expect.stringContaining('a.png is a JPEG picture; expected a PNG label map'),
    ]);
    truncateSync(swapped.image, 30);
    expect(
      (await checkPair({ ...swapped, label: join(folder, 'none.png') })).map((text) => text.slice(text.indexOf(' '))),
    ).toEqual([expect.stringContaining('is a truncated JPEG picture'), expect.stringContaining('does not exist')]);
  });
});
