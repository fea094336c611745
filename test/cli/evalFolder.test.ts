import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode as encodeJpeg } from 'jpeg-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeGreyPng } from '../../pictures/encodePng.ts';
import { runCli } from '../support/runCli.ts';
import { copyScenes, QUICK, quietEnvironment, readResult, SCENES } from '../support/sampleRuns.ts';

let folder: string;
let environment: Record<string, string | undefined>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-folder-'));
  environment = quietEnvironment(join(folder, 'cache'));
  copyScenes(at('voc'), SCENES.slice(0, 3));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...parts: string[]) => join(folder, ...parts);
const evaluate = (data: string, out: string, ...args: string[]) =>
  runCli(['eval', 'folder', '--data', at(data), '--out', at(out), '--method', 'clip', ...QUICK, ...args], {
    environment,
  });

describe('a folder of one’s own', () => {
  test('is evaluated on another list, by name or path, or as a whole', async () => {
    writeFileSync(at('voc/ImageSets/Segmentation/train.txt'), `${SCENES[1]}\n`);
    writeFileSync(at('mine.txt'), `${SCENES[2]}\n${SCENES[0]}\n`);
    for (const [split, count] of [
      ['train', 1],
      ['train.txt', 1],
      [at('mine.txt'), 2],
      ['all', 3],
    ] as const) {
      const out = `split-${count}-${split.length}`;
      expect(await evaluate('voc', out, '--split', split)).toMatchObject({ code: 0 });
      expect(readResult(at(out)).images).toEqual({ selected: count, counted: count });
    }
    const none = await evaluate('voc', 'none', '--split', 'trainval');
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/there is no split trainval: neither .*trainval\.txt nor the file trainval exists/);
    expect(none.stderr).toContain('the lists are train, val; "all" takes every image');
    const benchmark = await runCli(['eval', 'voc21', '--data', at('voc'), '--out', at('none'), '--split', 'train']);
    expect(benchmark.stderr).toContain('voc21 has its published layout and split, so split train cannot be chosen');
  });

  test('may have its parts elsewhere, and its classes on the line', async () => {
    copyScenes(at('own'), SCENES.slice(0, 1));
    mkdirSync(at('own/pictures'));
    renameSync(at('own/JPEGImages', `${SCENES[0]}.jpg`), at('own/pictures', `${SCENES[0]}_rgb.jpg`));
    renameSync(at('own/SegmentationClass', `${SCENES[0]}.png`), at('own', `${SCENES[0]}_gt.png`));
    for (const part of ['JPEGImages', 'SegmentationClass', 'ImageSets']) rmSync(at('own', part), { recursive: true });
    renameSync(at('own/classes.txt'), at('names.txt'));
    const names = readFileSync(at('names.txt'), 'utf8');
    const places = ['--image-folder', 'pictures', '--image-suffix', '_rgb.jpg', '--label-folder', '.'];
    const args = [...places, '--label-suffix', '_gt.png', '--split', 'all'];
    expect(await evaluate('own', 'own-file', ...args, '--classes-file', at('names.txt'))).toMatchObject({ code: 0 });
    const inLine = names
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(', ', ';'))
      .join(',');
    expect(await evaluate('own', 'own-line', ...args, '--classes', inLine)).toMatchObject({ code: 0 });
    expect(await evaluate('voc', 'own-voc', '--limit', '1')).toMatchObject({ code: 0 });
    const [file, line, voc] = ['own-file', 'own-line', 'own-voc'].map((out) => readResult(at(out)));
    expect(file.confusion).toEqual(voc.confusion);
    expect(line.evaluation).toEqual(voc.evaluation);
  });

  test('that is none is told the layout', async () => {
    mkdirSync(at('empty'));
    const result = await evaluate('empty', 'empty-out');
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /empty lacks the class file classes\.txt, the folder JPEGImages, the folder SegmentationClass and the folder Im/,
    );
    for (const part of [
      'classes.txt ',
      'JPEGImages/ID.jpg',
      'SegmentationClass/ID.png',
      'Segmentation/val.txt',
      '--split',
    ])
      expect(result.stderr).toContain(part);
  });
});

describe('labels that are not what they seem', () => {
  /** An orientation of 6 in an Exif block of a few bytes, behind the start marker of a JPEG. */
  const turned = (jpeg: Uint8Array) => {
    const tiff = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
    const block = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
    const head = Buffer.from([0xff, 0xe1, 0, block.length + 2]);
    return Buffer.concat([jpeg.subarray(0, 2), head, block, jpeg.subarray(2)]);
  };
  const [width, height] = [48, 32];
  const makeSet = (name: string, label: Uint8Array, change: (jpeg: Uint8Array) => Uint8Array = (jpeg) => jpeg) => {
    const pixels = Buffer.from(Array.from({ length: width * height * 4 }, (_, k) => (k * 7) % 256));
    for (const part of ['JPEGImages', 'SegmentationClass', 'ImageSets/Segmentation'])
      mkdirSync(at(name, part), { recursive: true });
    writeFileSync(at(name, 'JPEGImages/a.jpg'), change(encodeJpeg({ width, height, data: pixels }, 90).data));
    writeFileSync(at(name, 'SegmentationClass/a.png'), encodeGreyPng(label, width, height));
    writeFileSync(at(name, 'classes.txt'), 'background\ncat\n');
    writeFileSync(at(name, 'ImageSets/Segmentation/val.txt'), 'a\n');
  };
  const half = (low: number, high: number) =>
    Uint8Array.from({ length: width * height }, (_, k) => (k % width < width / 2 ? low : high));

  test('binary masks are noticed; --label-map says what 255 is, and a run goes on with that alone', async () => {
    makeSet('masks', half(0, 255));
    const plain = await evaluate('masks', 'masks-plain');
    expect(plain.stderr).toContain('the label map holds only 0 and 255, as binary masks do; 255 is ignored');
    expect(plain.stderr).toContain('--label-map 255:1');
    const mapped = await evaluate('masks', 'masks-mapped', '--label-map', '255:1');
    expect(mapped.stderr).not.toContain('binary');
    const result = readResult(at('masks-mapped'));
    expect(result.classes.map(({ labelled }) => labelled)).toEqual([(width * height) / 2, (width * height) / 2]);
    expect(result.evaluation.configuration.labelMap).toEqual({ 255: 1 });
    const other = await evaluate('masks', 'masks-mapped', '--label-map', '255:0', '--resume');
    expect(other.stderr).toContain('because the class of label value 255 is 0, it was 1');
    expect(await evaluate('masks', 'none', '--label-map', '255')).toMatchObject({ code: 2 });
    makeSet('labels', half(1, 255));
    expect((await evaluate('labels', 'labels')).stderr).not.toContain('binary');
  });

  test('an image that Exif turns away from its labels is named with the way out, which works', async () => {
    makeSet('turned', half(0, 1), turned);
    const refused = await evaluate('turned', 'turned-refused');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /a\.png has 48 x 32 pixels, but .*a\.jpg has 32 x 48; .* turned upright by its Exif orientation \(6\)/,
    );
    expect(refused.stderr).toContain('--ignore-exif');
    expect((await runCli(['data', 'check', 'folder', '--data', at('turned'), '--deep'])).stdout).toContain('Exif');
    makeSet('straight', half(0, 1));
    expect(await evaluate('turned', 'as-stored', '--ignore-exif', '--visualize', at('pictures'))).toMatchObject({
      code: 0,
    });
    expect(await evaluate('straight', 'straight')).toMatchObject({ code: 0 });
    const [stored, straight] = ['as-stored', 'straight'].map((out) => readResult(at(out)));
    expect(stored.confusion).toEqual(straight.confusion);
    expect(stored.evaluation.configuration.ignoreExif).toBe(true);
    const other = await evaluate('turned', 'as-stored', '--resume');
    expect(other.stderr).toContain('leaving pictures as they are stored (--ignore-exif) is not there, it was true');
  });
});
