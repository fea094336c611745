import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cityscapes } from '../../datasets/benchmarks/cityscapes.ts';
import { cocoObject } from '../../datasets/benchmarks/cocoObject.ts';
import { cocoStuff } from '../../datasets/benchmarks/cocoStuff.ts';
import { context60 } from '../../datasets/benchmarks/context60.ts';
import { readJsonArrays } from '../../datasets/convert/jsonArrays.ts';
import { labelTable } from '../../datasets/convert/labelTables.ts';
import { CONTEXT_CATEGORIES, drawContextLabels, readContextAnnotations } from '../../datasets/convert/pascalContext.ts';
import { renameLabels } from '../../datasets/convert/renameLabels.ts';
import { decodeRunLengths, paintMask } from '../../datasets/convert/runLengths.ts';
import { expectRecorded, recordedCases, recordings } from '../support/reference.ts';
import { encodeMask, encodeRunLengths } from './runLengthEncoder.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-convert-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('label tables', () => {
  it('COCO-Object is the published table', () => {
    const { lookup, known } = labelTable('coco-object');
    const published = recordings.json('metrics', 'coco_object_table.json') as Record<string, number>;
    expect(
      Object.fromEntries(
        Array.from(lookup.keys())
          .filter((id) => known[id] === 1)
          .map((id) => [id, lookup[id]]),
      ),
    ).toEqual(published);
    expect(Math.max(...Object.values(published))).toBe(cocoObject.classes.length - 1);
  });

  it.each(recordedCases('metrics/coco_object/'))('%s', async (name) => {
    await expectRecorded(name, undefined, { converted: 0 });
  });

  it('COCO-Stuff gives 171 train ids in order; things agree with COCO-Object', () => {
    const stuff = labelTable('coco-stuff');
    const ids = Array.from(stuff.known.keys()).filter((id) => stuff.known[id] === 1);
    expect(ids.map((id) => stuff.lookup[id])).toEqual([
      ...Array.from({ length: cocoStuff.classes.length }, (_, k) => k),
      255,
    ]);
    // Spot checks against the published table: stop sign, backpack, hair drier, banner, wood; unlabelled.
    expect([12, 26, 88, 91, 181, 255].map((id) => stuff.lookup[id])).toEqual([11, 24, 78, 80, 170, 255]);
    const object = labelTable('coco-object');
    for (const id of ids.filter((one) => one <= 90)) {
      expect(object.lookup[id]).toBe(stuff.lookup[id] + 1);
      expect(cocoObject.classes[object.lookup[id]][0]).toBe(cocoStuff.classes[stuff.lookup[id]][0]);
    }
  });

  it('Cityscapes keeps its 19 classes and ignores the rest', () => {
    const { lookup, known } = labelTable('cityscapes');
    const name = (id: number) => cityscapes.classes[lookup[id]]?.[0];
    expect({
      road: name(7),
      sidewalk: name(8),
      fence: name(13),
      pole: name(17),
      sky: name(23),
      car: name(26),
      train: name(31),
      bicycle: name(33),
    }).toEqual(
      Object.fromEntries(
        ['road', 'sidewalk', 'fence', 'pole', 'sky', 'car', 'train', 'bicycle'].map((one) => [one, one]),
      ),
    );
    expect(
      [0, 1, 2, 3, 4, 5, 6, 9, 10, 14, 15, 16, 18, 29, 30].every((id) => lookup[id] === 255 && known[id] === 1),
    ).toBe(true);
  });
});

describe('renameLabels', () => {
  it('keeps COCO labels that do not occur, and names them', () => {
    expect(renameLabels({ width: 4, height: 1, data: Uint8Array.of(0, 11, 200, 11) }, 'coco-stuff', 'a.png')).toEqual({
      labels: Uint8Array.of(0, 11, 200, 11),
      unknown: [11, 200],
    });
  });

  it('refuses what is no input of the conversion', () => {
    expect(() =>
      renameLabels({ width: 2, height: 2, data: Uint8Array.of(7, 8, 255, 7) }, 'cityscapes', 'a.png'),
    ).toThrow('a.png has the label 255 at column 0, row 1, which cityscapes does not use');
    expect(() => renameLabels({ width: 2, height: 1, data: Uint16Array.of(7, 300) }, 'coco-stuff', 'a.png')).toThrow(
      'a.png has the label 300 at column 1, row 0',
    );
  });
});

describe('run lengths', () => {
  const { masks } = JSON.parse(
    readFileSync(fileURLToPath(new URL('../fixtures/datasets/runLengths.json', import.meta.url)), 'utf8'),
  ) as {
    masks: { size: [number, number]; counts: string; rowMajorRuns: [number, number][] }[];
  };

  it.each(masks.map((mask) => [mask.size.join(' x '), mask] as const))(
    "gives pycocotools' mask of %s",
    (_, { size, counts, rowMajorRuns }) => {
      const expected = new Uint16Array(size[0] * size[1]);
      for (const [start, length] of rowMajorRuns) expected.fill(7, start, start + length);
      const painted = new Uint16Array(expected.length);
      paintMask({ size, counts }, 7, painted);
      expect(painted).toEqual(expected);
    },
  );

  it('undoes the encoding of any lengths', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3_000_000 })),
        (runs) => void expect(decodeRunLengths(encodeRunLengths(runs))).toEqual(runs),
      ),
    );
  });

  it('refuses damaged text', () => {
    expect(() => decodeRunLengths('5 ')).toThrow(/character 2/);
    expect(() => decodeRunLengths('T')).toThrow(/no part of a run length/);
    expect(() => decodeRunLengths('oooooooooo')).toThrow(/no part of a run length/);
    expect(() => decodeRunLengths('O')).toThrow(/negative/);
    expect(() => paintMask({ size: [2, 2], counts: encodeRunLengths([5]) }, 1, new Uint16Array(4))).toThrow(
      'its runs cover 5 pixels, expected 4',
    );
  });
});

describe('readJsonArrays', () => {
  const collect = async (path: string, keys: string[]) => {
    const found: Record<string, unknown[]> = Object.fromEntries(keys.map((key) => [key, []]));
    await readJsonArrays(
      path,
      Object.fromEntries(
        keys.map((key) => [key, (element, index) => expect(found[key].push(element)).toBe(index + 1)]),
      ),
    );
    return found;
  };

  it('finds what JSON.parse finds, whatever surrounds it', async () => {
    const element = fc.dictionary(fc.string(), fc.jsonValue());
    const document = fc.record({
      before: fc.jsonValue(),
      images: fc.array(element),
      between: fc.jsonValue(),
      'annos_"x"': fc.array(element),
      after: fc.jsonValue(),
    });
    await fc.assert(
      fc.asyncProperty(document, fc.boolean(), async (content, pretty) => {
        const text = JSON.stringify(content, null, pretty ? 2 : undefined);
        const path = write('random.json', text);
        const { images, 'annos_"x"': annotations } = JSON.parse(text);
        expect(await collect(path, ['images', 'annos_"x"'])).toEqual({ images, 'annos_"x"': annotations });
      }),
      { numRuns: 60 },
    );
  });

  it('joins elements that lie across chunks', async () => {
    const images = Array.from({ length: 40 }, (_, id) => ({ id, text: 'ä"\\'.repeat(20_000) }));
    const path = write('large.json', JSON.stringify({ images }));
    expect(await collect(path, ['images'])).toEqual({ images });
  });

  it.each([
    ['cut off', '{"images": [{"a": 1}', /is cut off/],
    ['an array', '[{"images": []}]', /is no JSON object/],
    ['text', 'images', /is no JSON object/],
    ['without the array', '{"other": []}', /has no array images/],
    ['of a broken element', '{"images": [{"a": }]}', /images\[0\] is no JSON/],
    ['with the array twice', '{"images": [], "images": []}', /has the array images twice/],
    ['of two documents', '{"images": []} {}', /is no JSON object/],
  ])('refuses a file %s', async (_, text, message) => {
    await expect(collect(write('damaged.json', text), ['images'])).rejects.toThrow(message);
  });

  it('says when there is no file', async () => {
    await expect(collect(join(folder, 'none.json'), ['images'])).rejects.toThrow(/none\.json does not exist/);
    await expect(collect(folder, ['images'])).rejects.toThrow(/is no regular file/);
  });
});

describe('PASCAL Context', () => {
  const image = (id: number, phase: string) => ({
    image_id: id,
    file_name: `2008_${String(id).padStart(6, '0')}.jpg`,
    width: 3,
    height: 2,
    phase,
    extra: [1],
  });
  const region = (id: number, image_id: number, category_id: number, pixels: number[]) => ({
    id,
    image_id,
    category_id,
    segmentation: encodeMask(pixels, 2, 3),
    iscrowd: 0,
    parts: [{ segmentation: {} }],
  });
  const annotations = {
    info: { version: '1' },
    annos_segmentation: [
      region(1, 2, 2, [1, 1, 0, 1, 0, 0]),
      region(2, 2, 458, [0, 1, 1, 0, 0, 0]),
      region(3, 3, 9, [0, 0, 0, 0, 0, 1]),
      region(3, 3, 259, [1, 0, 0, 0, 0, 0]),
      region(4, 9, 2, [1, 1, 1, 1, 1, 1]),
    ],
    images: [image(2, 'val'), image(3, 'train'), image(9, 'test')],
    categories: [],
  };

  it('has the 59 categories in ascending order, one for each class but background', () => {
    expect(CONTEXT_CATEGORIES).toEqual([...CONTEXT_CATEGORIES].sort((a, b) => a - b));
    expect(CONTEXT_CATEGORIES).toHaveLength(context60.classes.length - 1);
  });

  it('draws later regions over earlier ones; a repeated id replaces its region', async () => {
    const path = write('trainval_merged.json', JSON.stringify(annotations));
    const images = await readContextAnnotations(path);
    expect(images.map(({ id, split, regions }) => [id, split, regions.length])).toEqual([
      ['2008_000002', 'val', 2],
      ['2008_000003', 'train', 1],
    ]);
    expect(drawContextLabels(images[0], path)).toEqual(Uint8Array.of(1, 59, 59, 1, 0, 0));
    const platform = CONTEXT_CATEGORIES.indexOf(259) + 1;
    expect(drawContextLabels(images[1], path)).toEqual(Uint8Array.of(platform, 0, 0, 0, 0, 0));
  });

  it('refuses annotations of another kind', async () => {
    const [first] = await readContextAnnotations(write('a.json', JSON.stringify(annotations)));
    expect(() => drawContextLabels({ ...first, regions: [{ ...first.regions[0], category: 3 }] }, 'a.json')).toThrow(
      'a.json: 2008_000002 has a region of category 3, which is none of the 59',
    );
    expect(() => drawContextLabels({ ...first, width: 4 }, 'a.json')).toThrow(
      'region 1 of 2008_000002 cannot be drawn: it has 3 x 2 pixels, the image 4 x 2',
    );
    expect(() =>
      drawContextLabels({ ...first, regions: [{ category: 2, mask: { size: [2, 3], counts: '~~' } }] }, 'a.json'),
    ).toThrow(/region 1 .* cannot be drawn/);
    await expect(
      readContextAnnotations(write('b.json', JSON.stringify({ ...annotations, images: [{ image_id: 'x' }] }))),
    ).rejects.toThrow(/b\.json, images\[0\]\.image_id/);
    await expect(
      readContextAnnotations(write('c.json', JSON.stringify({ ...annotations, images: [image(1, 'test')] }))),
    ).rejects.toThrow(/c\.json has no image of the splits/);
    await expect(
      readContextAnnotations(
        write('d.json', JSON.stringify({ ...annotations, images: [{ ...image(1, 'val'), file_name: '../a.jpg' }] })),
      ),
    ).rejects.toThrow(/images\[0\]\.file_name/);
  });
});
