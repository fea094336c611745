import { describe, expect, it } from 'vitest';
import { Device, DeviceError } from '../../engine/index.ts';
import { Model, type SegmentationResult, type Segmenter } from '../../library/index.ts';
import { batchBytes } from '../../rfclip/batchSize.ts';
import { WorkingMemory } from '../../rfclip/workingMemory.ts';
import { expectEqual } from '../support/compare.ts';
import { QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const pictures = [1, 2, 3, 4].map((seed) => randomPicture(seed));
const NOTICE = 'the device was lost meanwhile, so this image is done again on a new one';

/** Segments the pictures; `losses` says of one result after the other whether the device is lost that is to read it. */
async function stream(segmenter: Segmenter, losses: readonly boolean[]): Promise<SegmentationResult[]> {
  const { readAll } = Device.prototype;
  let reads = 0;
  Device.prototype.readAll = function (tensors) {
    if (losses[reads++]) this.gpu.destroy();
    return readAll.call(this, tensors);
  };
  const results: SegmentationResult[] = [];
  try {
    for await (const result of segmenter.segmentMany(pictures)) results.push(result);
  } finally {
    Device.prototype.readAll = readAll;
  }
  return results;
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
