import { existsSync, mkdirSync, openAsBlob, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ImageInput, SegmentationResult, Segmenter } from '../../library/index.ts';
import { readImage } from '../../clip/image/readImage.ts';
import { nameOfImage } from '../../library/images.ts';
import { maskFiles } from '../../library/savedFiles.ts';
import { encodeRgbPng } from '../../pictures/encodePng.ts';
import { expectEqual } from '../support/compare.ts';
import { QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const picture = randomPicture(1);
const rgba = new Uint8Array(4 * picture.width * picture.height);
picture.data.forEach((value, i) => (rgba[4 * Math.floor(i / 3) + (i % 3)] = value));
rgba.forEach((_, i) => (rgba[i] = i % 4 === 3 ? i % 251 : rgba[i]));
const png = encodeRgbPng(picture.data, picture.width, picture.height);
let path: string;
let segmenter: Segmenter;
let expected: SegmentationResult;

beforeAll(async () => {
  path = join(small.folder, 'a picture #1.png');
  writeFileSync(path, png);
  segmenter = await small.model.segmenter(WORDS, QUICK);
  expected = await segmenter.segment(path);
});

const { width, height } = picture;
const forms: [string, () => ImageInput | Promise<ImageInput>][] = [
  ['a file: URL as text', () => pathToFileURL(path).href],
  ['a file: URL', () => pathToFileURL(path)],
  ['a Buffer', () => readFileSync(path)],
  ['a Uint8Array', () => Uint8Array.from(png)],
  ['a part of a larger Uint8Array', () => Uint8Array.from([1, 2, 3, ...png, 4]).subarray(3, 3 + png.length)],
  ['an ArrayBuffer', () => Uint8Array.from(png).buffer],
  ['a Blob', () => new Blob([png as BlobPart])],
  ['a Blob on disk', () => openAsBlob(path)],
  ['a File', () => new File([png as BlobPart], 'photo.png')],
  ['RGB pixels', () => picture],
  ['RGB pixels in a Buffer', () => ({ width, height, data: Buffer.from(picture.data) })],
  ['RGBA pixels', () => ({ width, height, data: rgba })],
  ['RGBA pixels as ImageData has them', () => ({ width, height, data: Uint8ClampedArray.from(rgba) })],
];

describe('a picture', () => {
  it.each(forms)('as %s has the labels that it has as a path', async (_, make) => {
    const result = await segmenter.segment(await make());
    expect([result.width, result.height]).toEqual([width, height]);
    expectEqual(result.labels.data, expected.labels.data);
    expectEqual(result.confidence.data, expected.confidence.data);
  });

  it('has several labels, or the tests above would hold for nothing', () => {
    expect(expected.classes.length).toBeGreaterThan(1);
  });

  it('is called by its path where it has one', async () => {
    expect(expected.name).toBe(path);
    expect((await segmenter.segment(pathToFileURL(path))).name).toBe(path);
    expect((await segmenter.segment(picture)).name).toBe('the image');
    expect(nameOfImage(picture, 2)).toBe('image 3');
    expect(nameOfImage(new File([], 'https://x.png'))).toBe('https://x.png');
    expect(nameOfImage(new Blob([]), 0)).toBe('image 1');
  });
});

describe('memory of the caller', () => {
  const arrays: [string, Uint8Array | Uint8ClampedArray, (data: Uint8Array) => ImageInput][] = [
    ['bytes of a file', png, (data) => data],
    ['bytes of a file in an ArrayBuffer', png, (data) => data.buffer as ArrayBuffer],
    ['RGB pixels', picture.data, (data) => ({ width, height, data })],
    ['RGBA pixels', rgba, (data) => ({ width, height, data })],
  ];
  it.each(arrays)('is neither changed nor kept: %s', async (_, content, wrap) => {
    const given = Uint8Array.from(content);
    await segmenter.segment(wrap(given));
    expectEqual(given, content);
    const pending = segmenter.segment(wrap(given));
    given.fill(0);
    const result = await pending;
    expectEqual(result.labels.data, expected.labels.data);
    expectEqual(result.overlay().data, expected.overlay().data);
  });
});

describe('what is no picture', () => {
  const bad: [string, unknown, string | RegExp][] = [
    ['null', null, 'the image is null, expected a path, the bytes of a picture file, or { width, height, data }'],
    ['undefined', undefined, /^the image is undefined, expected a path/],
    ['a number', 7, /^the image is a number, expected a path/],
    ['an object', { path: 'x' }, /^the image is an Object, expected a path/],
    ['a list', [picture], /^the image is an Array, expected a path/],
    ['an empty text', '', ' does not exist, expected a picture file'],
    [
      'a picture in base64',
      'iVBORw0K'.repeat(9999),
      'is a text of 79992 characters, too long for a path; expected the',
    ],
    [
      'texts for a size',
      { width: '61', height: '45', data: picture.data },
      'claims a size of "61" x "45" pixels, expected',
    ],
    ['a missing file', '/no/such/file.png', '/no/such/file.png does not exist, expected a picture file'],
    ['no bytes', new Uint8Array(0), /^the image is empty/],
    [
      'bytes of something else',
      Buffer.from('hello, world'),
      /^the image .*; expected a PNG, JPEG, WebP, BMP or GIF picture$/,
    ],
    ['a cut file', png.subarray(0, 100), /^the image /],
    [
      'too few pixels',
      { width, height, data: picture.data.subarray(1) },
      /^the image has 8234 bytes for 61 x 45 pixels/,
    ],
    [
      'numbers',
      { width, height, data: [...picture.data] },
      'the image has an Array for pixels, expected a Uint8Array or',
    ],
    ['floats', { width, height, data: new Float32Array(8235) }, /^the image has a Float32Array for pixels/],
    ['no width', { width: 0, height, data: new Uint8Array(0) }, /^the image claims a size of 0 x 45 pixels, but both/],
    [
      'a width of NaN',
      { width: NaN, height, data: picture.data },
      /^the image claims a size of NaN x 45 pixels, expected/,
    ],
    ['half a pixel', { width: 0.5, height: 2, data: new Uint8Array(3) }, /^the image claims a size of 0.5 x 2 pixels/],
    [
      'sizes below zero',
      { width: -1, height: -1, data: new Uint8Array(3) },
      /^the image claims a size of -1 x -1 pixels/,
    ],
    ['no size', { data: picture.data }, /^the image claims a size of undefined x undefined pixels/],
    ['too many pixels', { width: 1e5, height: 1e5, data: picture.data }, /more than the limit of 150 megapixels$/],
    ['an address', 'https://example.org/a.png', /^https:\/\/example.org\/a.png is an address, which is not fetched; /],
    [
      'an address as a URL',
      new URL('http://localhost/a.png'),
      /^http:\/\/localhost\/a.png is an address, which is not/,
    ],
    [
      'a picture as text',
      `data:image/png;base64,${'A'.repeat(500)}`,
      /^data:image\/png;base64,A{58}\.\.\. is an address/,
    ],
    ['a file of another machine', 'file://elsewhere/a.png', /^file:\/\/elsewhere\/a.png stands for no file of this/],
  ];
  it.each(bad)('is told in one sentence: %s', async (_, input, sentence) => {
    const failure: unknown = await segmenter.segment(input as ImageInput).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'ImageError', code: 'RFCLIP-IMAGE' });
    const { message } = failure as Error;
    if (typeof sentence === 'string') expect(message).toContain(sentence);
    else expect(message).toMatch(sentence);
    expect(message).not.toMatch(/\n/);
    expect(message.length).toBeLessThan(220);
  });

  it('is told with a way out where there is one', async () => {
    const ways: [unknown, RegExp][] = [
      [Promise.resolve(png), /^await it first$/],
      [new Response(png as BodyInit), /^read it first: await response.arrayBuffer\(\)$/],
      [Readable.from([png]), /^read it first: await buffer\(stream\), with buffer of 'node:stream\/consumers'$/],
      ['https://example.org/a.png', /^fetch it first: /],
      [`data:image/png;base64,${'A'.repeat(500)}`, /^decode base64 first: /],
      ['iVBORw0K'.repeat(9999), /^decode base64 first: /],
      [{ data: picture.data, info: { width, height } }, /^give { width: info.width, height: info.height, data }$/],
    ];
    for (const [input, fix] of ways) {
      await expect(segmenter.segment(input as ImageInput)).rejects.toMatchObject({ fix: expect.stringMatching(fix) });
    }
  });

  it('is told by its name: a folder, a text file', async () => {
    const folder = join(small.folder, 'folder');
    mkdirSync(folder);
    await expect(segmenter.segment(folder)).rejects.toThrow(`${folder} is a folder, expected a picture file`);
    const text = join(small.folder, 'text.png');
    writeFileSync(text, 'this is no picture');
    await expect(segmenter.segment(pathToFileURL(text))).rejects.toThrow(`${text} `);
    await expect(segmenter.segment(text)).rejects.toThrow('expected a PNG, JPEG, WebP, BMP or GIF picture');
  });

  it('leaves the segmenter as it was', async () => {
    expectEqual((await segmenter.segment(picture)).labels.data, expected.labels.data);
  });

  it('is told by encodeImage and classify as well', async () => {
    for (const call of [small.model.encodeImage(null as never), small.model.classify(null as never, WORDS)])
      await expect(call).rejects.toThrow('the image is null, expected a path');
  });
});

describe('a result', () => {
  it('is saved to a file: URL, too', async () => {
    const url = pathToFileURL(join(small.folder, 'by url', 'x #1'));
    expect((await expected.save(url)).report).toBe(join(small.folder, 'by url', 'x #1.json'));
    await expect(expected.save(new URL('https://example.org/x'))).rejects.toThrow(
      'save was given a URL, expected a path',
    );
  });

  it('is saved with a mask of each class, too', async () => {
    const { masks } = await expected.save(join(small.folder, 'masks'), { masks: true });
    const [first] = expected.classNames;
    expect(masks).toEqual(expected.classNames.map((name, k) => join(small.folder, `masks.${k}-${name}.mask.png`)));
    expect(readFileSync(masks![0])).toEqual(Buffer.from(expected.maskPng(first)));
    const { data } = await readImage(masks![0]);
    expectEqual(
      expected.mask(first).data,
      expected.mask(first).data.map((_, i) => data[3 * i] / 255),
    );
    expect(() => expected.maskPng('none')).toThrow('there is no class none');
    expect(maskFiles('a', ['back ground/ä', 'x'.repeat(99), '../'])).toEqual([
      'a.0-back_ground_ä.mask.png',
      `a.1-${'x'.repeat(60)}.mask.png`,
      'a.2-_.mask.png',
    ]);
  });

  it('is not saved with options that do not exist', async () => {
    const stem = join(small.folder, 'options');
    await expect(expected.save(stem, { overwirte: true } as never)).rejects.toThrow('save has no option overwirte');
    expect(existsSync(`${stem}.json`)).toBe(false);
  });

  it('is not drawn with options that do not exist, or an opacity outside of 0 to 1', () => {
    const wrong: [unknown, string][] = [
      [{ legnd: false }, 'overlay has no option legnd, expected one of legend, opacity'],
      [{ opacity: 55 }, 'the option opacity of overlay is 55, expected a number from 0 to 1'],
      [{ opacity: '50%' }, 'the option opacity of overlay is 50%, expected a number from 0 to 1'],
    ];
    for (const [options, message] of wrong) {
      expect(() => expected.overlay(options as object)).toThrow(
        expect.objectContaining({ code: 'RFCLIP-OPTIONS', message }),
      );
    }
  });
});
