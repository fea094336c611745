import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareLabels, packBytes } from '../../engine/index.ts';
import { compareLabelsOracle } from '../oracle/compareLabels.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomIntegers, seeds } from '../support/random.ts';

const opened = useDevice();

/** Below and from which on a workgroup has counts of its own, of every size; 255 and 256: the label 255 is a class. */
const CLASSES = [1, 2, 7, 8, 15, 21, 31, 59, 63, 64, 171, 255, 256];

async function compare(predictions: Uint32Array, labels: Uint8Array, classes: number, bands: readonly number[]) {
  const { device } = opened;
  const ends = [...bands, predictions.length];
  const [counts, ...bytes] = await evaluateAll(device, () => {
    const words = packBytes(labels);
    const truth = device.tensor(words, [words.length], 'u32');
    const sums = device.zeros([classes + 1, classes + 1], 'u32');
    let first = 0;
    const packed = ends.map((end) => {
      const band = predictions.subarray(first, end);
      const made = compareLabels(device.tensor(band, [band.length], 'u32'), truth, sums, { first, ignored: 255 });
      first = end;
      return made;
    });
    return [sums, ...packed];
  });
  return { counts, bytes: bytes.map((words) => new Uint8Array(words.buffer, 0, words.byteLength)) };
}

describe('compareLabels', () => {
  it('equals its oracle exactly for any length and number of classes, in one go or in bands', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(lengths(), fc.integer({ min: 2040, max: 5000 })),
        fc.constantFrom(...CLASSES),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        seeds,
        async (pixels, classes, banded, part, seed) => {
          const predictions = randomIntegers(seed, pixels, Math.min(256, classes + 2));
          // A third of the labels are any byte, 255 among them.
          const labels = Uint8Array.from(randomIntegers(seed + 1, pixels, 3 * (classes + 2)), (value, i) =>
            value < 2 * (classes + 2) ? value >> 1 : (value * 37 + i) % 7 === 0 ? 255 : (value * 91) & 255,
          );
          const bands = banded ? [Math.floor(part * pixels)] : [];
          const { counts, bytes } = await compare(predictions, labels, classes, bands);
          expectEqual(counts, compareLabelsOracle(predictions, labels, classes, 255));
          [0, ...bands].forEach((first, i) => {
            const band = predictions.subarray(first, bands[i] ?? pixels);
            expectEqual(bytes[i].subarray(0, band.length), band);
            expect([...bytes[i].subarray(band.length)].every((byte) => byte === 0)).toBe(true);
          });
        },
      ),
      { numRuns: 2 * DEVICE_RUNS },
    );
  });

  it('loses none where all pixels of a large picture meet in one cell', async () => {
    const pixels = 300_007;
    for (const classes of [21, 171]) {
      const { counts } = await compare(new Uint32Array(pixels).fill(3), new Uint8Array(pixels).fill(2), classes, []);
      expect(counts[2 * (classes + 1) + 3]).toBe(pixels);
      expect(Array.from(counts).filter((count) => count > 0)).toEqual([pixels]);
    }
  });

  it('refuses what does not fit', () => {
    const { device } = opened;
    const u32 = (shape: number[]) => device.zeros(shape, 'u32');
    const error = (predictions: number[], labels: number[], counts: number[], first = 0) =>
      shapeError(device, () => compareLabels(u32(predictions), u32(labels), u32(counts), { first, ignored: 255 }));
    expect(error([9], [2], [3, 3])).toBe('compareLabels: 9 predictions from pixel 0 on were compared with 8 labels');
    expect(error([8], [2], [3, 3], 1)).toContain('from pixel 1 on');
    expect(error([8], [2], [3, 4])).toBe('compareLabels: counts is [3, 4], expected [?, 3]');
    expect(error([8], [2], [1, 1])).toBe('compareLabels: counts are [1, 1], expected at least 2 x 2');
    expect(shapeError(device, () => compareLabels(device.zeros([4]), u32([1]), u32([3, 3]), { ignored: 255 }))).toBe(
      'compareLabels: predictions is f32, expected u32',
    );
  });
});
