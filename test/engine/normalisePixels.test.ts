import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalisePixels, packBytes } from '../../engine/index.ts';
import { normalisePixelsOracle } from '../oracle/normalisePixels.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds } from '../support/random.ts';

const opened = useDevice();

describe('normalisePixels', () => {
  it('equals its oracle for any size, whole words or not', async () => {
    const { device } = opened;
    await fc.assert(
      fc.asyncProperty(lengths(), lengths(), fc.integer({ min: 1, max: 4 }), seeds, async (height, width, C, seed) => {
        const images = 1 + (seed % 3);
        const size = height * width * C;
        const bytes = Uint8Array.from(randomIntegers(seed, images * size, 256));
        const table = randomFloats(seed + 1, 256 * C);
        const words = packBytes(bytes);
        const actual = await evaluate(device, () =>
          normalisePixels(
            device.tensor(words, [words.length], 'u32'),
            device.tensor(table, [C, 256]),
            height,
            width,
            images,
          ),
        );
        const expected = Array.from({ length: images }, (_, i) => [
          ...normalisePixelsOracle(bytes.subarray(i * size, (i + 1) * size), table, C),
        ]);
        expectEqual(actual, expected.flat(), [images, C, height, width]);
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('refuses pixels that do not fill the image', () => {
    const { device } = opened;
    expect(shapeError(device, () => normalisePixels(device.zeros([4], 'u32'), device.zeros([3, 256]), 2, 3))).toBe(
      'normalisePixels: 2 x 3 x 3 bytes take 5 words, found 4',
    );
  });
});
