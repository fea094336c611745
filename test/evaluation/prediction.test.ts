import { describe, expect, it } from 'vitest';
import { countPixels, emptyConfusion } from '../../datasets/confusion.ts';
import { DeviceError } from '../../engine/errors.ts';
import { predictAndCount, predictLabels } from '../../evaluation/prediction.ts';
import { randomIntegers } from '../support/random.ts';
import { TINY_SETTINGS, tinySegmenter } from '../support/tinySegmenter.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

const input = { width: 96, height: 80, data: Uint8Array.from(randomIntegers(5, 3 * 96 * 80, 256)) };

/** Classes, some that are none, and pixels to ignore. */
function truthOf({ width, height }: { width: number; height: number }): Uint8Array {
  return Uint8Array.from(randomIntegers(7, width * height, 9), (value) => (value === 8 ? 255 : value));
}

describe('predictAndCount', () => {
  it.each([
    ['in one band', {}, { width: 91, height: 77 }],
    ['of the size of the network', {}, { width: 96, height: 80 }],
    ['in bands of three rows', { workingBytes: 4 * 14 * 91 * 3 }, { width: 91, height: 77 }],
    ['with an area threshold', { settings: { ...TINY_SETTINGS, areaThreshold: 0.1 } }, { width: 91, height: 77 }],
    ['with PAMR', { settings: { ...TINY_SETTINGS, pamrSteps: 2 } }, { width: 45, height: 39 }],
    ['on the host, where counts are more than pixels', {}, { width: 8, height: 6 }],
  ])('gives the labels and the counts of the host %s', async (_, parts, size) => {
    const segmenter = tinySegmenter(tiny, parts);
    const truth = truthOf(size);
    const before = tiny.device.pool.statistics.liveBytes;
    const expected = await predictLabels(segmenter, input, size);
    const confusion = emptyConfusion(6);
    countPixels(confusion, expected.labels, truth);
    expect(new Set(expected.labels).size).toBeGreaterThan(1);
    expect(await predictAndCount(segmenter, input, size, truth)).toEqual({ prediction: expected, confusion });
    expect(tiny.device.pool.statistics.liveBytes).toBe(before);
    segmenter.dispose();
  });

  it('counts nothing twice where memory runs out between two reads of several bands', async () => {
    const { device } = tiny;
    const segmenter = tinySegmenter(tiny, { workingBytes: 4 * 14 * 182 * 15, windowsPerBatch: 4 });
    const size = { width: 182, height: 154 };
    const truth = truthOf(size);
    const expected = await predictAndCount(segmenter, input, size, truth);
    const before = device.pool.statistics.liveBytes;
    const notices: string[] = [];
    const { readAll } = device;
    let reads = 0;
    device.readAll = async (tensors) => {
      if (++reads === 2) throw new DeviceError('no memory is left', { code: 'RFCLIP-OUT-OF-MEMORY' });
      return readAll.call(device, tensors);
    };
    try {
      const found = await predictAndCount(segmenter, input, size, truth, (notice) => notices.push(notice));
      expect(found).toEqual(expected);
    } finally {
      device.readAll = readAll;
    }
    // Seven bands of 15 rows, the other four, which fail, and three times up to seven smaller ones.
    expect([reads, notices.length]).toEqual([5, 1]);
    expect(device.pool.statistics.liveBytes).toBe(before);
    segmenter.dispose();
  });

  it('frees what it uploaded when segmenting fails', async () => {
    const segmenter = tinySegmenter(tiny);
    const before = tiny.device.pool.statistics.liveBytes;
    const small = { width: 2, height: 2, data: new Uint8Array(12) };
    const size = { width: 20, height: 20 };
    await expect(predictAndCount(segmenter, small, size, truthOf(size))).rejects.toThrow('smaller than one patch');
    expect(tiny.device.pool.statistics.liveBytes).toBe(before);
    segmenter.dispose();
  });
});
