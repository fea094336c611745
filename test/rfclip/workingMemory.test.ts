import { describe, expect, it } from 'vitest';
import { bucketSize } from '../../engine/memory.ts';
import { windowBytes } from '../../rfclip/batchSize.ts';
import { WorkingMemory } from '../../rfclip/workingMemory.ts';
import { expectEqual } from '../support/compare.ts';
import { scarceMemory } from '../support/scarceMemory.ts';
import { recordedPicture } from '../support/reference.ts';
import { synonymFeatures, tinySegmenter } from '../support/tinySegmenter.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

// 70 x 91: four windows of 16 patches. Two classes, so that bands are smaller than batches of two windows.
const image = recordedPicture('size_a');
const tiny = useTinyClip();
const { height, width } = image;
const twoClasses = () =>
  tinySegmenter(tiny, { words: [['sky'], ['bird']], textFeatures: synonymFeatures().slice(0, 128) });

/** The pixels of the image fit, 81920 bytes, and the largest tensor of a window; that of two, 98304 bytes, does not. */
const MOST_BYTES = 90_000;

/** Bytes of the largest tensor of so many windows. */
const largest = (windows: number) => windows * windowBytes(tiny.images('tiny_b').config, 16);

/** Runs a body on a device of little memory that has learnt nothing yet, and leaves none of it behind. */
async function withScarceMemory(
  isTooMuch: (bytes: number, live: number) => boolean,
  body: (segmenter: ReturnType<typeof tinySegmenter>) => Promise<void>,
): Promise<number> {
  const { device } = tiny;
  const segmenter = twoClasses();
  const memory = WorkingMemory.of(device);
  const fresh = Object.assign(Object.create(device) as typeof device, {});
  device.pool.trim(0);
  const scarce = scarceMemory(device, (bytes) => isTooMuch(bytes, device.pool.statistics.liveBytes));
  try {
    await body(segmenter);
  } finally {
    scarce.end();
    segmenter.dispose();
    WorkingMemory.carryOver(fresh, device);
    expect(WorkingMemory.of(device)).toBe(memory);
  }
  device.assertUsable();
  return scarce.refusals;
}

async function reference() {
  const segmenter = twoClasses();
  const result = await segmenter.segment(image, height, width, { logits: true });
  segmenter.dispose();
  return result;
}

describe('a device that runs out of memory', () => {
  it('gets half as many windows at once, and half of these, and says so once; results are equal', async () => {
    const expected = await reference();
    const notices: string[] = [];
    const onNotice = (notice: string) => void notices.push(notice);
    const refusals = await withScarceMemory(
      (bytes) => bytes > MOST_BYTES,
      async (segmenter) => {
        expect(segmenter.windowsPerBatch(16)).toBeGreaterThan(4);
        const first = await segmenter.segment(image, height, width, { logits: true, onNotice });
        expect(segmenter.windowsPerBatch(16)).toBe(1);
        const { dispatches } = tiny.device.recorder;
        const second = await segmenter.segment(image, height, width, { logits: true, onNotice });
        const perImage = tiny.device.recorder.dispatches - dispatches;
        for (const { labels, logits } of [first, second]) {
          expectEqual(labels, expected.labels);
          expectEqual(logits!, expected.logits!);
        }
        // Nothing is tried again for the second image.
        await segmenter.segment(image, height, width, { logits: true, onNotice });
        expect(tiny.device.recorder.dispatches - dispatches).toBe(2 * perImage);
      },
    );
    expect(refusals).toBeGreaterThanOrEqual(2);
    expect(notices).toEqual([
      `${tiny.device.name} ran out of memory: from now on it has one image at a time, and at most one window of it`,
    ]);
  });

  it('does images one at a time before it takes smaller batches', async () => {
    const expected = await reference();
    const { device } = tiny;
    device.pool.resetPeak();
    const { liveBytes } = device.pool.statistics;
    await reference();
    const most = liveBytes + 1.5 * (device.pool.statistics.peakBytes - liveBytes);
    const notices: string[] = [];
    await withScarceMemory(
      (bytes, live) => live + bytes > most,
      async (segmenter) => {
        const before = segmenter.windowsPerBatch(16);
        // Three images are recorded before the first is read, so that all are live.
        const all = await Promise.all(
          [1, 2, 3].map(() => segmenter.segment(image, height, width, { onNotice: (notice) => notices.push(notice) })),
        );
        for (const { labels } of all) expectEqual(labels, expected.labels);
        expect(segmenter.windowsPerBatch(16)).toBe(before);
      },
    );
    expect(notices.every((notice) => notice.includes('one image at a time, and at most 4 windows of it'))).toBe(true);
    expect(notices.length).toBeLessThanOrEqual(1);
  });

  it('gives an image up that does not fit by any means, leaves nothing alive, and does the next', async () => {
    const { device } = tiny;
    const { liveBuffers } = device.pool.statistics;
    await withScarceMemory(
      (bytes) => bytes >= bucketSize(largest(1) / 2),
      async (segmenter) => {
        await expect(segmenter.segment(image, height, width)).rejects.toMatchObject({
          code: 'RFCLIP-OUT-OF-MEMORY',
          message: expect.stringMatching(/ has no memory left for a buffer of 0\.\d MiB$/),
        });
      },
    );
    expect(device.pool.statistics.liveBuffers).toBe(liveBuffers);
    const segmenter = twoClasses();
    expect(segmenter.windowsPerBatch(16)).toBeGreaterThan(4);
    expectEqual((await segmenter.segment(image, height, width)).labels, (await reference()).labels);
    segmenter.dispose();
  });

  it('traces in smaller batches, too', async () => {
    const trace = async (segmenter: ReturnType<typeof tinySegmenter>) =>
      (await segmenter.trace(image, (name, tensor) => (name === 'logits' ? tensor : undefined))).logits;
    const segmenter = twoClasses();
    const expected = await trace(segmenter);
    segmenter.dispose();
    await withScarceMemory(
      (bytes) => bytes > MOST_BYTES,
      async (scarce) => {
        const { shape, data } = await trace(scarce);
        expect(shape).toEqual(expected.shape);
        expectEqual(data, expected.data);
      },
    );
  });
});
