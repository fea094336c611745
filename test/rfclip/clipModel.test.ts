import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeConfig } from '../../clip/config.ts';
import { Device } from '../../engine/index.ts';
import { makeClassList } from '../../rfclip/classes.ts';
import { findMethod, type MethodName } from '../../rfclip/methods/index.ts';
import { EMBEDDED_CHECKPOINT, ClipModel } from '../../rfclip/clipModel.ts';
import { prepareImage } from '../../rfclip/prepareImage.ts';
import { DEFAULT_SETTINGS, settingsOf } from '../../rfclip/settings.ts';
import { expectEqual } from '../support/compare.ts';
import { CLIP_ONLY_METHODS } from '../support/methodNames.ts';
import { randomFloats } from '../support/random.ts';
import { SMALL_CONFIG, writeRandomCheckpoint } from '../support/randomCheckpoint.ts';

let device: Device;
let folder: string;
let cacheFolder: string | undefined;

beforeAll(async () => {
  device = await Device.create({ debug: '' });
  folder = mkdtempSync(join(tmpdir(), 'rfclip-model-'));
  cacheFolder = process.env.RFCLIP_CACHE_DIR;
  process.env.RFCLIP_CACHE_DIR = join(folder, 'cache');
});
afterAll(() => {
  device.destroy();
  rmSync(folder, { recursive: true, force: true });
  if (cacheFolder === undefined) delete process.env.RFCLIP_CACHE_DIR;
  else process.env.RFCLIP_CACHE_DIR = cacheFolder;
});

function small(name: string, metadata?: Record<string, string>): ClipModel {
  return ClipModel.open({
    device,
    checkpoint: writeRandomCheckpoint(join(folder, `${name}.safetensors`), SMALL_CONFIG, metadata),
  });
}

function codeOf(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
}

describe('the embedded checkpoint', () => {
  it('opens, describes itself and has distraction dimensions', () => {
    const model = ClipModel.open({ device });
    expect(model.file.path).toBe(EMBEDDED_CHECKPOINT);
    expect(describeConfig(model.config)).toMatch(
      /^ViT \d+x\d+\/\d+ \(\d+ heads, \d+x\d+ positions\), text \d+x\d+, embedding \d+$/,
    );
    const { width } = model.config.vision;
    const dimensions = model.distractionDimensions!;
    expect(dimensions.length).toBeGreaterThan(0);
    expect(dimensions.every((dimension) => dimension < width)).toBe(true);
    model.close();
  });

  it('segments with rfclip as a user would', async () => {
    const model = ClipModel.open({ device, cacheText: false });
    const rfclip = findMethod('rfclip');
    const segmenter = await model.segmenter(
      makeClassList([['sky'], ['grass', 'lawn']], 'test'),
      rfclip,
      settingsOf(rfclip),
    );
    const pixels = { width: 120, height: 90, data: Uint8Array.from(randomFloats(3, 3 * 120 * 90, 0, 256)) };
    const before = device.pool.statistics.liveBytes;
    const { labels, confidence } = await segmenter.segment(
      prepareImage(pixels, [2048, 112]),
      pixels.height,
      pixels.width,
    );
    expect(labels.length).toBe(120 * 90);
    expect(Math.max(...labels)).toBeLessThan(2);
    expect(confidence.every((value) => value >= 1 / 3 && value <= 1)).toBe(true);
    expect(device.pool.statistics.liveBytes).toBe(before);
    segmenter.dispose();
    model.close();
  });
});

/** A method of a model, with its own settings. */
function encoderOf(model: ClipModel, name: MethodName) {
  return model.denseEncoder(findMethod(name), settingsOf(findMethod(name)));
}

describe('distraction dimensions', () => {
  it('that nobody knows keep RF-CLIP from running, and nothing else', () => {
    const model = small('plain');
    expect(model.distractionDimensions).toBeUndefined();
    for (const name of CLIP_ONLY_METHODS) {
      if (name.startsWith('rfclip'))
        expect(() => encoderOf(model, name)).toThrow(
          `checkpoint ${model.file.path} has no known distraction dimensions, which ${name} needs`,
        );
      expect(codeOf(() => encoderOf(model, name))).toBe(
        name.startsWith('rfclip') ? 'RFCLIP-NOT-CALIBRATED' : 'no error',
      );
    }
    model.close();
  });

  it('come from the metadata of the file', () => {
    const model = small('calibrated', { distraction_dimensions: '[7, 3]' });
    expect(model.distractionDimensions).toEqual([3, 7]);
    expect(encoderOf(model, 'rfclip')).toBeDefined();
    model.close();
  });

  it('that are damaged are an error and not ignored', () => {
    const model = small('damaged', { distraction_dimensions: '[64]' });
    expect(codeOf(() => encoderOf(model, 'rfclip'))).toBe('RFCLIP-DISTRACTION');
    model.close();
  });
});

describe('ClipModel', () => {
  it('of an uncalibrated checkpoint segments with NACLIP', async () => {
    const model = small('naclip');
    const naclip = findMethod('naclip');
    const classes = makeClassList([['a'], ['b', 'c']], 'test');
    const segmenter = await model.segmenter(classes, naclip, settingsOf(naclip, { window: 0 }));
    const { labels } = await segmenter.segment({ data: randomFloats(1, 3 * 24 * 16), height: 24, width: 16 }, 24, 16);
    expect(labels.length).toBe(24 * 16);
    segmenter.dispose();
    model.close();
  });

  it('uploads each tower once, and only when it is needed', async () => {
    const model = small('lazy');
    const start = device.pool.statistics.liveBytes;
    expect(encoderOf(model, 'naclip')).toBeDefined();
    expect(device.pool.statistics.liveBytes).toBe(start);
    const images = model.imageEncoder;
    const withImages = device.pool.statistics.liveBytes;
    expect(withImages).toBeGreaterThan(start);
    expect([model.imageEncoder, model.textEncoder]).toEqual([images, model.textEncoder]);
    const both = device.pool.statistics.liveBytes;
    expect(both).toBeGreaterThan(withImages);
    await model.encodeWords(['a']);
    expect(device.pool.statistics.liveBytes).toBe(both);
    model.close();
  });

  it('keeps text features on disk by checkpoint, unless told not to', async () => {
    const root = join(folder, 'cache', 'text-features');
    rmSync(root, { recursive: true, force: true });
    const model = small('cached');
    const computed = await model.encodeWords(['a', 'b']);
    const folders = readdirSync(root);
    expect(folders.length).toBe(1);
    expect(readdirSync(join(root, folders[0])).length).toBe(2);
    let encoded = 0;
    expectEqual(await model.encodeWords(['a', 'b'], undefined, () => encoded++), computed);
    expect(encoded).toBe(0);
    model.close();

    const other = small('other', { distraction_dimensions: '[1]' });
    await other.encodeWords(['a']);
    expect(readdirSync(root).length).toBe(2);
    other.close();

    rmSync(root, { recursive: true });
    const uncached = ClipModel.open({ device, checkpoint: join(folder, 'cached.safetensors'), cacheText: false });
    await uncached.encodeWords(['a']);
    expect(() => readdirSync(root)).toThrow('ENOENT');
    uncached.close();
  });

  it('refuses what is no checkpoint', () => {
    const path = join(folder, 'picture.png');
    writeFileSync(path, Buffer.from('\x89PNG\r\n\x1a\nnothing that weights could be read from', 'latin1'));
    mkdirSync(join(folder, 'folder'));
    for (const checkpoint of [path, join(folder, 'folder'), join(folder, 'missing.safetensors')]) {
      expect(codeOf(() => ClipModel.open({ device, checkpoint }))).toBe('RFCLIP-CHECKPOINT');
    }
  });
});

describe('prepareImage', () => {
  it('keeps the ratio within both bounds', () => {
    const size = (width: number, height: number, scale: readonly [number, number] = DEFAULT_SETTINGS.resize) => {
      const image = prepareImage({ width, height, data: new Uint8Array(3 * width * height) }, scale);
      expect(image.data.length).toBe(3 * image.width * image.height);
      return [image.width, image.height];
    };
    expect(DEFAULT_SETTINGS.resize).toEqual([2048, 336]);
    expect(size(500, 375)).toEqual([448, 336]);
    expect(size(30, 40)).toEqual([336, 448]);
    expect(size(100, 10)).toEqual([2048, 205]);
    expect(size(64, 64, [64, 64])).toEqual([64, 64]);
  });
});
