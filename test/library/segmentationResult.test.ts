import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { Model, type SegmentationResult, type Segmenter } from '../../library/index.ts';
import { classListOf } from '../../library/classInput.ts';
import { keepSegmentation } from '../../library/keptSegmentation.ts';
import { SegmentationResult as Result } from '../../library/segmentationResult.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { findMethod } from '../../rfclip/methods/index.ts';
import { prepareImage } from '../../rfclip/prepareImage.ts';
import { settingsOf } from '../../rfclip/settings.ts';
import { expectEqual, U } from '../support/compare.ts';
import { randomFloats, randomIntegers } from '../support/random.ts';
import { runCli } from '../support/runCli.ts';
import { QUICK, randomPicture, useFolder, useSmallModel, WORDS } from '../support/useSmallModel.ts';

describe('with the checkpoint that ships, a result', () => {
  const folder = useFolder();
  const scene = fileURLToPath(new URL('../../examples/scenes/scene_0033.jpg', import.meta.url));
  const words = 'water, tiles; tiled floor, umbrella, night sky';

  it('is that of the command line, file by file, and that of the pipeline, digit by digit', async () => {
    const out = join(folder.path, 'command');
    const command = await runCli(['segment', scene, '--classes', words, '--resize', '224', '--out', out]);
    expect(command).toMatchObject({ code: 0 });

    // The command had no cache yet; with one, the text tower would not be among the buffers.
    using model = await Model.open({ cacheText: false });
    using segmenter = await model.segmenter(words, { resize: [2048, 224] });
    const result = await segmenter.segment(scene, { probabilities: true });
    const files = await result.save(join(folder.path, 'library', 'scene_0033'));
    for (const path of [files.label, files.overlay])
      expect(readFileSync(path).equals(readFileSync(join(out, basename(path)))), path).toBe(true);
    const reports = [files.report, join(out, 'scene_0033.json')].map((path) => JSON.parse(readFileSync(path, 'utf8')));
    const timeless = reports.map((report) => ({
      ...report,
      checkpoint: basename(report.checkpoint),
      milliseconds: Object.keys(report.milliseconds),
      files: Object.keys(report.files),
    }));
    expect(timeless[0]).toEqual(timeless[1]);
    expect(Object.keys(reports[0])).toEqual(Object.keys(reports[1]));
    expect(timeless[0].classes.length).toBeGreaterThan(1);

    const clip = ClipModel.open({ device: model.device });
    const rfclip = findMethod('rfclip');
    const settings = settingsOf(rfclip, { resize: [2048, 224] });
    const pipeline = await clip.segmenter(classListOf(words), rfclip, settings);
    const image = await readImage(scene);
    const prepared = prepareImage(image, settings.resize);
    const expected = await pipeline.segment(prepared, image.height, image.width, { probabilities: true });
    expectEqual(result.labels.data, expected.labels);
    expectEqual(result.confidence.data, expected.confidence);
    expectEqual(result.probabilities!.data, expected.probabilities!);
    pipeline.dispose();
    clip.close();
  });
});

const small = useSmallModel();
const picture = randomPicture(1);
let segmenter: Segmenter;
let result: SegmentationResult;

beforeAll(async () => {
  segmenter = await small.model.segmenter(WORDS, QUICK);
  result = await segmenter.segment(picture, { probabilities: true });
});

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

/** Probabilities of the classes at each pixel. */
function rowsOf({ probabilities, labels }: SegmentationResult): Float32Array[] {
  const { data, shape } = probabilities!;
  return Array.from(labels.data, (_, i) => data.subarray(i * shape[2], (i + 1) * shape[2]));
}

describe('a result', () => {
  const { width, height } = picture;

  it('has labels, confidence and probabilities with their shapes', () => {
    expect([result.width, result.height]).toEqual([width, height]);
    const { labels, confidence, probabilities } = result;
    expect(labels.data).toBeInstanceOf(Uint16Array);
    expect(confidence.data).toBeInstanceOf(Float32Array);
    expect(labels.shape).toEqual([height, width]);
    expect(confidence.shape).toEqual([height, width]);
    expect(probabilities?.shape).toEqual([height, width, 3]);
    for (const { data, shape } of [labels, confidence, probabilities!])
      expect(data.length).toBe(shape.reduce((product, size) => product * size));
  });

  it('has the most probable class as label, and its probability as confidence', () => {
    const rows = rowsOf(result);
    expectEqual(
      rows.map((row) => row.indexOf(Math.max(...row))),
      result.labels.data,
    );
    expectEqual(
      rows.map((row) => Math.max(...row)),
      result.confidence.data,
    );
    // That of a class is that of its best word, so the other word of one class is missing.
    expect(Math.max(...rows.map(sum))).toBeLessThan(1 + 4 * U);
  });

  it('has no probabilities unless they are asked for, and the same labels', async () => {
    const without = await segmenter.segment(picture);
    expect(without.probabilities).toBeUndefined();
    expectEqual(without.labels.data, result.labels.data);
  });

  it('has the classes that occur, largest first', () => {
    expect(result.classNames).toEqual(['cat', 'dog', 'grass']);
    const count = (label: number) => result.labels.data.filter((value) => value === label).length;
    expect(result.classes.length).toBeGreaterThan(1);
    for (const { label, name, pixels, share, probability } of result.classes) {
      expect(name).toBe(result.classNames[label]);
      expect(pixels).toBe(count(label));
      expect(share).toBe(pixels / (width * height));
      const inside = result.confidence.data.filter((_, i) => result.labels.data[i] === label);
      expect(probability).toBeCloseTo(sum(inside) / pixels, 12);
    }
    const sizes = result.classes.map(({ pixels }) => pixels);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sum(sizes)).toBe(width * height);
  });

  it('has a mask of every class', () => {
    const masks = result.classNames.map((name) => result.mask(name));
    for (const { data, shape } of masks) {
      expect(data).toBeInstanceOf(Uint8Array);
      expect(shape).toEqual([height, width]);
    }
    expectEqual(
      result.labels.data.map((_, i) => masks.findIndex(({ data }) => data[i] === 1)),
      result.labels.data,
    );
    expect(masks.map(({ data }) => sum(data)).reduce((a, b) => a + b)).toBe(width * height);
    expect(() => result.mask('puppy')).toThrow(
      expect.objectContaining({
        code: 'RFCLIP-CLASSES',
        message: 'there is no class puppy, expected one of cat, dog, grass',
      }),
    );
  });

  it('can be drawn over the image', async () => {
    const drawn = result.overlay();
    expect(drawn.width).toBeGreaterThanOrEqual(width);
    expect(drawn.height).toBeGreaterThan(height);
    expect(drawn.data.length).toBe(3 * drawn.width * drawn.height);
    const path = join(small.folder, 'overlay.png');
    writeFileSync(path, result.overlayPng());
    const read = await readImage(path);
    expectEqual(read.data, drawn.data);
    const bare = result.overlay({ legend: false });
    expect([bare.width, bare.height]).toEqual([width, height]);
  });

  it('is JSON without its pixels', () => {
    const report = JSON.parse(JSON.stringify(result));
    expect(report).toEqual({
      image: 'the image',
      width,
      height,
      method: 'rfclip',
      checkpoint: small.model.checkpoint,
      adapter: small.model.adapter,
      precision: small.model.precision,
      classes: result.classes.map(({ probability, ...others }) => ({ ...others, meanProbability: probability })),
      milliseconds: { decode: expect.any(Number), network: expect.any(Number), write: 0 },
      peakBufferBytes: expect.any(Number),
      notices: [],
    });
  });
});

describe('save', () => {
  it('writes three files that say what the result says, and makes the folder', async () => {
    const stem = join(small.folder, 'a', 'b', 'photo.of.me');
    const files = await result.save(stem);
    expect(files).toEqual({
      label: `${stem}.label.png`,
      overlay: `${stem}.overlay.png`,
      report: `${stem}.json`,
    });
    expect(readdirSync(join(small.folder, 'a', 'b')).sort()).toEqual([
      'photo.of.me.json',
      'photo.of.me.label.png',
      'photo.of.me.overlay.png',
    ]);
    const labels = await readLabelMap(files.label);
    expect([labels.width, labels.height]).toEqual([result.width, result.height]);
    expectEqual(labels.data, result.labels.data);
    expectEqual((await readImage(files.overlay)).data, result.overlay().data);
    expect(JSON.parse(readFileSync(files.report, 'utf8'))).toEqual(JSON.parse(JSON.stringify(result)));
    expect(result.toJSON().files).toEqual(files);
  });

  it('leaves no half of a file where it fails, and what was there before', async () => {
    const folder = join(small.folder, 'occupied');
    const stem = join(folder, 'x');
    mkdirSync(`${stem}.overlay.png`, { recursive: true });
    writeFileSync(`${stem}.json`, 'an older report');
    await expect(result.save(stem, { overwrite: true })).rejects.toMatchObject({
      name: 'OutputError',
      message: `${stem}.overlay.png cannot be written: there is a folder of that name`,
    });
    expect(readdirSync(folder).sort()).toEqual(['x.json', 'x.label.png', 'x.overlay.png']);
    expect(readFileSync(`${stem}.json`, 'utf8')).toBe('an older report');
    expectEqual((await readLabelMap(`${stem}.label.png`)).data, result.labels.data);
  });

  it.each([
    ['', '""'],
    ['out/', '"out/"'],
    ['out/..', '"out/.."'],
    [undefined, 'undefined'],
    [3, 'a number'],
  ])('refuses %j, which names no file', async (stem, given) => {
    await expect(result.save(stem as string)).rejects.toMatchObject({
      code: 'RFCLIP-OUTPUT',
      message:
        `save was given ${given}, expected a path that ends with the name of the files, without their end, ` +
        `such as "out/photo"`,
    });
  });

  it('says which folder cannot be used', async () => {
    const file = join(small.folder, 'a-file');
    writeFileSync(file, '');
    await expect(result.save(join(file, 'x', 'photo'))).rejects.toMatchObject({
      code: 'RFCLIP-OUTPUT',
      message: `the output folder ${join(file, 'x')} cannot be used: ${file} is not a folder`,
    });
    expect(existsSync(`${file}.json`)).toBe(false);
  });
});

describe('more than 256 classes', () => {
  const names = Array.from({ length: 300 }, (_, i) => `class ${i}`);

  it('are segmented like any other number', async () => {
    using many = await small.model.segmenter(names, { ...QUICK, method: 'naclip', templates: ['{}'] });
    const found = await many.segment(picture, { probabilities: true });
    expect(found.probabilities?.shape).toEqual([45, 61, 300]);
    const rows = rowsOf(found);
    expectEqual(
      rows.map((row) => row.indexOf(Math.max(...row))),
      found.labels.data,
    );
    // 300 quotients of one sum of 300 terms; every addition rounds once.
    const off = Math.max(...rows.map((row) => Math.abs(sum(row) - 1)));
    expect(off).toBeLessThan(600 * U);
    expect(found.classes.reduce((total, { pixels }) => total + pixels, 0)).toBe(found.labels.data.length);
  });

  it('have a label map of 16 bits that reads back, and an overlay', async () => {
    const [width, height] = [40, 30];
    const labels = Uint16Array.from(randomIntegers(5, width * height, 300));
    const segmentation = { width, height, labels, confidence: randomFloats(6, width * height, 0, 1) };
    const many = new Result({
      name: 'many',
      image: randomPicture(2, width, height),
      notices: [],
      classes: classListOf(names),
      kept: await keepSegmentation(classListOf(names), segmentation, async () => segmentation),
      method: 'rfclip',
      checkpoint: 'none',
      adapter: 'none',
      precision: 'f32',
      milliseconds: { decode: 0, network: 0 },
      peakBufferBytes: 0,
    });
    const files = await many.save(join(small.folder, 'many'));
    const read = await readLabelMap(files.label);
    expectEqual(read.data, labels);
    expect(Math.max(...read.data)).toBeGreaterThan(255);
    expect((await readImage(files.overlay)).width).toBeGreaterThanOrEqual(width);
    expect(sum(many.mask('class 299').data)).toBe(labels.filter((v) => v === 299).length);
  });
});
