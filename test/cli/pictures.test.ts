import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { readLabelMap } from '../../clip/image/readLabelMap.ts';
import { fixtureBytes } from '../clip/image/fixtures.ts';
import { buildPng, pngChunk } from '../clip/image/pngBuilder.ts';
import { noiseJpeg, noiseLabels, writeUnder } from '../datasets/miniatures.ts';
import { runCli } from '../support/runCli.ts';
import { cacheWithTextFeatures } from '../support/suiteFolder.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-pictures-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);
const segment = (name: string, ...flags: string[]) =>
  runCli(['segment', at(name), '--classes', 'moon, grass', '--out', at('out'), ...flags], {
    environment: { RFCLIP_CACHE_DIR: cacheWithTextFeatures(at('cache')) },
  });
const others = (name: string) => fileURLToPath(new URL(`../fixtures/pictures/${name}`, import.meta.url));
const grey = (width: number, height: number) =>
  buildPng({ width, height, depth: 8, colourType: 0, scanLines: new Uint8Array((width + 1) * height) });

describe('pictures of other formats', () => {
  it('are segmented', async () => {
    const files = ['lossy.webp', 'plain.gif', 'rgb24.bmp'].map(others);
    const result = await runCli(['segment', ...files, '--classes', 'moon, grass', '--out', at('others')]);
    expect(result).toMatchObject({ code: 0 });
    for (const stem of ['lossy', 'plain', 'rgb24']) {
      const { width, height } = await readImage(files.find((file) => file.includes(stem))!);
      expect(await readLabelMap(join(at('others'), `${stem}.label.png`))).toMatchObject({ width, height });
    }
  });

  it.each([
    ['cgbi.png', 'a PNG', Buffer.concat([grey(4, 4).subarray(0, 8), pngChunk('CgBI', Buffer.alloc(4))]), /CgBI/],
    ['arith.jpg', 'a JPEG', Buffer.from(fixtureBytes('jpeg_420.jpg')), /arithmetic coding, which is not supported/],
    ['photo.heic', 'HEIC', Buffer.from('\0\0\0\x18ftypheic....', 'latin1'), /is a HEIC picture; expected .*\n.*magick/],
  ])('or named in one sentence: %s, %s', async (name, _, bytes, sentence) => {
    const frame = bytes.indexOf(Buffer.of(0xff, 0xc0));
    if (name === 'arith.jpg') bytes[frame + 1] = 0xc9;
    writeFileSync(at(name), bytes);
    const { code, stderr } = await segment(name);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(1);
  });
});

describe('pictures with faults that libpng reads over', () => {
  it('are segmented, with a note', async () => {
    const scanLines = new Uint8Array(41 * 40 + 99);
    writeFileSync(at('extra.png'), buildPng({ width: 40, height: 40, depth: 8, colourType: 0, scanLines }));
    const { code, stderr } = await segment('extra.png');
    expect(stderr).toContain('extra.png has data behind its last pixel, which was left out');
    expect(code).toBe(0);
  });
});

describe('very long pictures', () => {
  it.each([
    ['wide', 4000, 20],
    ['tall', 13, 3000],
  ])('%s: a label map comes out, with a note', async (name, width, height) => {
    writeFileSync(at(`${name}.png`), grey(width, height));
    for (const flags of [[], ['--whole'], ['--method', 'clip']]) {
      const { code, stderr } = await segment(`${name}.png`, ...flags);
      expect(stderr).toMatch(/pixels would be .* for the network, less than one patch of 16; they were stretched to /);
      expect(code).toBe(0);
      expect(await readLabelMap(join(at('out'), `${name}.label.png`))).toMatchObject({ width, height });
    }
  });

  it('are evaluated too', async () => {
    writeUnder(at('voc'), 'classes.txt', 'moon\ngrass\n');
    writeUnder(at('voc'), 'ImageSets/Segmentation/val.txt', 'a\n');
    writeUnder(at('voc'), 'JPEGImages/a.JPG', noiseJpeg(1, 2500, 12));
    writeUnder(at('voc'), 'SegmentationClass/a.png', noiseLabels(1, 2, 2500, 12));
    const result = await runCli(['eval', 'folder', '--data', at('voc'), '--out', at('eval')]);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toMatch(/note: .*a\.JPG: 2500 x 12 pixels would be 2048 x 10 for the network/);
    expect(result.stdout).toContain(': 1 of 1 images');
  });
});

describe('very large pictures', () => {
  it('of a medium-format camera are segmented without being held', { timeout: 200_000 }, async () => {
    writeFileSync(at('camera.png'), grey(11_648, 8736));
    const { code, stderr } = await segment('camera.png', '--method', 'clip');
    expect(stderr).toMatch(/11648 x 8736 pixels are too many to be held: the overlay has 1942 x 1456 pixels/);
    expect(code).toBe(0);
    const labels = await readLabelMap(join(at('out'), 'camera.label.png'));
    expect([labels.width, labels.height]).toEqual([11_648, 8736]);
    const overlay = await readImage(join(at('out'), 'camera.overlay.png'));
    expect(overlay.width).toBe(1942);
  });

  it('are refused beyond the limit, with a way out where there is one', async () => {
    writeFileSync(at('large.png'), grey(16_000, 10_000));
    const refused = await segment('large.png');
    expect(refused.stderr).toMatch(
      /has 16000 x 10000 pixels, more than the limit of 150 megapixels\n.*--max-megapixels/,
    );
    writeFileSync(at('small.png'), grey(1200, 900));
    expect((await segment('small.png', '--max-megapixels', '1')).stderr).toContain(
      'more than the limit of 1 megapixels',
    );
    expect((await segment('small.png', '--max-megapixels', '2')).code).toBe(0);
    expect(await segment('small.png', '--max-megapixels', '301')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected a whole number from 1 to 300'),
    });
  });
});
