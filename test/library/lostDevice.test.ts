import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Device, DeviceError } from '../../engine/index.ts';
import { type AblationEntry, runAblation } from '../../evaluation/ablation.ts';
import { explainSegmenter } from '../../explain/explainSegmenter.ts';
import { Model, type SegmentationResult, type Segmenter } from '../../library/index.ts';
import { encodeRgbPng } from '../../pictures/encodePng.ts';
import { ABLATION_ROWS } from '../../rfclip/ablation.ts';
import { batchBytes } from '../../rfclip/batchSize.ts';
import { calibrateFiles } from '../../rfclip/calibrateFiles.ts';
import { makeClassList } from '../../rfclip/classes.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { DEFAULT_SETTINGS } from '../../rfclip/settings.ts';
import { WorkingMemory } from '../../rfclip/workingMemory.ts';
import { expectEqual } from '../support/compare.ts';
import { QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const pictures = [1, 2, 3, 4].map((seed) => randomPicture(seed));
const NOTICE = 'the device was lost meanwhile, so this image is done again on a new one';

/** Runs something; `losses` says of one result after the other whether the device is lost that is to read it. */
async function losing<Result>(losses: readonly boolean[], body: () => Promise<Result>): Promise<Result> {
  const { readAll } = Device.prototype;
  let reads = 0;
  Device.prototype.readAll = function (tensors) {
    if (losses[reads++]) this.gpu.destroy();
    return readAll.call(this, tensors);
  };
  try {
    return await body();
  } finally {
    expect(reads).toBeGreaterThanOrEqual(losses.length);
    Device.prototype.readAll = readAll;
  }
}

/** Segments the pictures with such losses. */
async function stream(segmenter: Segmenter, losses: readonly boolean[]): Promise<SegmentationResult[]> {
  const results: SegmentationResult[] = [];
  return losing(losses, async () => {
    for await (const result of segmenter.segmentMany(pictures)) results.push(result);
    return results;
  });
}

async function expected(): Promise<SegmentationResult[]> {
  const segmenter = await small.model.segmenter(WORDS, QUICK);
  const results: SegmentationResult[] = [];
  for await (const result of segmenter.segmentMany(pictures)) results.push(result);
  return results;
}

describe('a device that is lost in mid-stream', () => {
  it('is replaced: every image is there once, and says so where it was done again', async () => {
    const before = await expected();
    using model = await Model.open(small.options);
    const segmenter = await model.segmenter(WORDS, QUICK);
    const other = await model.segmenter('sea, sky', QUICK);
    const unlost = await other.segment(pictures[0]);
    const { device } = model;
    const results = await stream(segmenter, [false, true, false, true, true, false, false]);
    expect(results.map(({ name }) => name)).toEqual(['image 1', 'image 2', 'image 3', 'image 4']);
    results.forEach(({ labels }, i) => expectEqual(labels.data, before[i].labels.data));
    const told = results.map(({ notices }) => notices.filter((notice) => notice === NOTICE).length);
    expect(told).toEqual([0, 1, 2, 0]);
    expect(model.device).not.toBe(device);
    // All else follows.
    expectEqual((await other.segment(pictures[0])).labels.data, unlost.labels.data);
    expectEqual((await model.encodeText('a cat')).data, (await small.model.encodeText('a cat')).data);
  });

  it('gets half as much at once where it went for lack of memory', async () => {
    using model = await Model.open(small.options);
    const segmenter = await model.segmenter(WORDS, QUICK);
    const { device } = model;
    const { readAll } = device;
    device.readAll = (tensors) => {
      device.isLost = true;
      device.fail('the device was lost (unknown): VK_ERROR_OUT_OF_DEVICE_MEMORY');
      return readAll.call(device, tensors);
    };
    expect(await stream(segmenter, [])).toHaveLength(pictures.length);
    expect(model.device).not.toBe(device);
    expect(WorkingMemory.of(model.device).bytes).toBe(batchBytes(device) / 2);
  });

  it('ends the stream by one sentence where an image loses three', async () => {
    using model = await Model.open(small.options);
    const segmenter = await model.segmenter(WORDS, QUICK);
    const error = await stream(segmenter, [false, true, true, true]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({
      code: 'RFCLIP-DEVICE-LOST',
      message: expect.stringMatching(
        /^[^\n]+ failed: the device was lost \(destroyed\)[^\n]*; it was so on three devices in a row, with the same image$/,
      ),
    });
  });

  it('is not replaced by one that computes otherwise, nor by none', async () => {
    const open = () => Device.create({ debug: '' });
    const failing: [() => Promise<Device>, RegExp][] = [
      [
        async () => Object.assign(await open(), { products: { precision: 'f16' } }),
        /failed: the device was lost; it was .*, f32, and what opens now is .*, f16$/,
      ],
      [
        async () => Promise.reject(new Error('there is no adapter')),
        /failed: the device was lost; no other opens: there is no adapter$/,
      ],
    ];
    for (const [reopenDevice, sentence] of failing) {
      const device = await open();
      using model = await Model.open({ ...small.options, device, reopenDevice });
      const segmenter = await model.segmenter(WORDS, QUICK);
      const error = await stream(segmenter, [false, true]).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'RFCLIP-DEVICE-LOST', message: expect.stringMatching(sentence) });
      device.destroy();
    }
  });

  it("is replaced by the caller's, which the model destroys", async () => {
    const opened: Device[] = [];
    const reopenDevice = async () => {
      opened.push(await Device.create({ debug: '' }));
      return opened.at(-1)!;
    };
    const device = await Device.create({ debug: '' });
    const model = await Model.open({ ...small.options, device, reopenDevice });
    const segmenter = await model.segmenter(WORDS, QUICK);
    const results = await stream(segmenter, [true, true]);
    expect(results).toHaveLength(pictures.length);
    expect(opened).toHaveLength(2);
    expect(model.device).toBe(opened[1]);
    model.close();
    for (const one of opened) expect(() => one.assertUsable()).toThrow('the device was destroyed');
    device.destroy();
  });
});

describe('a device that is lost in any other call', () => {
  it('is replaced, too, and what comes out is the same', async () => {
    const options = { ...small.options, cacheText: false };
    using quiet = await Model.open(options);
    using model = await Model.open(options);
    const [before, after] = await Promise.all([quiet, model].map((one) => one.segmenter(WORDS, QUICK)));
    const [picture] = pictures;
    const calls: [name: string, call: (opened: Model, segmenter: Segmenter) => Promise<unknown>][] = [
      ['trace', async (_, segmenter) => (await segmenter.trace(picture, ['patches', 'logits'])).tensors],
      ['encodeImage', (opened) => opened.encodeImage(picture)],
      ['encodeText', (opened) => opened.encodeText(['a cat', 'the sea'])],
      ['segmenter', async (opened) => (await (await opened.segmenter('tree', QUICK)).segment(picture)).confidence],
      ['explain', async (_, segmenter) => (await explainSegmenter(segmenter, picture)).explanation.layers],
    ];
    for (const [name, call] of calls) {
      const expected = await call(quiet, before);
      const { device } = model;
      expect(await losing([true], () => call(model, after)), name).toEqual(expected);
      expect(model.device, name).not.toBe(device);
    }
    const told = await losing([true], () => after.segment(picture));
    expect(told.notices).toEqual([NOTICE]);
    // Between two calls, too.
    const { device } = model;
    device.gpu.destroy();
    await device.gpu.lost;
    expect((await after.segment(picture)).labels).toEqual(told.labels);
    expect(model.device).not.toBe(device);
  });

  it('ends a model that wants no other', async () => {
    using model = await Model.open({ ...small.options, reopenDevice: false });
    const segmenter = await model.segmenter(WORDS, QUICK);
    const error = await losing([true], () => segmenter.segment(pictures[0])).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'RFCLIP-DEVICE-LOST', message: expect.not.stringContaining('three devices') });
  });

  it('does not end an ablation or a calibration', async () => {
    const device = await Device.create({ debug: '' });
    const { checkpoint } = small.options;
    const model = ClipModel.open({ device, reopen: () => Device.create({ debug: '' }), checkpoint });
    const paths = pictures.slice(0, 2).map(({ data, width, height }, i) => {
      const path = join(small.folder, `${i}.png`);
      writeFileSync(path, encodeRgbPng(data, width, height));
      return path;
    });
    const ablate = async () => {
      const [entries, notes]: [AblationEntry[], string[]] = [[], []];
      const reporter = {
        note: (line: string) => void notes.push(line),
        failure: (line: string) => void notes.push(line),
        progress: () => ({ step: () => {}, stop: () => {} }),
      };
      const { rows } = await runAblation({
        model,
        classes: makeClassList([['cat'], ['dog']], 'classes'),
        pairs: paths.map((image, i) => ({ id: `${i}`, image, label: '' })),
        settings: { ...structuredClone(DEFAULT_SETTINGS), ...QUICK },
        rows: ABLATION_ROWS.slice(0, 3),
        journal: { entries: [], append: (entry: AblationEntry) => void entries.push(entry) },
        reporter,
      });
      const counts = entries.flatMap((entry) => entry.rows.map(({ equal, confusion }) => ({ equal, confusion })));
      return { notes, counts, agreement: rows.map((row) => row.agreement) };
    };
    const calibrate = async () => {
      const notices: string[] = [];
      const resize = QUICK.resize[1];
      return { notices, ...(await calibrateFiles(model, paths, { resize, onNotice: (line) => notices.push(line) })) };
    };
    const [ablated, calibrated] = [await ablate(), await calibrate()];
    expect([ablated.notes, calibrated.notices]).toEqual([[], []]);
    const notes = [`note: 0: ${NOTICE}`, `note: 1: ${NOTICE}`, `note: 1: ${NOTICE}`];
    // Three rows of the first image, of which the second is done twice, and those of the second.
    expect(await losing([false, true, false, false, true, true], ablate)).toEqual({ ...ablated, notes });
    expect(await losing([false, true], calibrate)).toEqual({ ...calibrated, notices: [`${paths[1]}: ${NOTICE}`] });
    await expect(losing([true, true, true], calibrate)).rejects.toThrow('three devices in a row, with the same image');
    model.close();
    device.destroy();
  });
});
