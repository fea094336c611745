import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../engine/index.ts';
import { calibrate } from '../../rfclip/calibrate.ts';
import { recordedPicture } from '../support/reference.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const NAMES = ['main', 'wide', 'tall', 'eqtok'] as const;
const tiny = useTinyClip();

function* uploads(names: readonly (typeof NAMES)[number][], uploaded: Tensor[] = []): Generator<Tensor> {
  for (const name of names) {
    const image = tiny.upload(recordedPicture(name));
    uploaded.push(image);
    yield image;
  }
}

/**
 * The channels that `tiny_b` writes large values into for some tokens and `tiny_a` does not. (Of the eight dimensions
 * its recordings were made with, the other five never stand out, and 38 is not among them: a decoy.)
 */
const PLANTED = [3, 29, 38, 78];

describe('calibrate', () => {
  it('finds the dimensions that were over-activated in the model, and leaves nothing alive', async () => {
    const uploaded: Tensor[] = [];
    // One more than planted: a mean over all tokens lets one ordinary channel pass the planted channel of fewest
    // tokens.
    const { dimensions, weights } = await calibrate(
      tiny.images('tiny_b'),
      uploads(NAMES, uploaded),
      PLANTED.length + 1,
    );
    expect(dimensions).toEqual([...dimensions].sort((a, b) => a - b));
    expect(dimensions).toEqual(expect.arrayContaining(PLANTED));
    // Weights are shares of each token in units of the uniform share, so their mean over dimensions is 1.
    expect(Array.from(weights).reduce((sum, weight) => sum + weight, 0) / weights.length).toBeCloseTo(1, 5);
    expect(uploaded.every((image) => image.isDisposed)).toBe(true);
    expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });

  it('gives those dimensions, and only those, more weight than in the model without over-activation', async () => {
    const [without, over] = [
      await calibrate(tiny.images('tiny_a'), uploads(NAMES)),
      await calibrate(tiny.images('tiny_b'), uploads(NAMES)),
    ];
    const growth = Array.from(over.weights, (weight, dimension) => weight / without.weights[dimension]);
    const grown = [...growth.keys()].sort((a, b) => growth[b] - growth[a]).slice(0, PLANTED.length);
    expect(grown.sort((a, b) => a - b)).toEqual(PLANTED);
  });

  it(
    'takes as many as asked for, eight by default, in any order of images, from an asynchronous source ' + 'too',
    async () => {
      async function* later(names: readonly (typeof NAMES)[number][]) {
        for (const image of uploads(names)) yield await Promise.resolve(image);
      }
      const forwards = await calibrate(tiny.images('tiny_b'), uploads(['main', 'wide']), 128);
      const backwards = await calibrate(tiny.images('tiny_b'), later(['wide', 'main']));
      expect(forwards.dimensions).toEqual(Array.from({ length: 128 }, (_, i) => i));
      expect(backwards.dimensions.length).toBe(8);
      const smallest = Math.min(...backwards.dimensions.map((dimension) => forwards.weights[dimension]));
      expect(Array.from(forwards.weights).filter((weight) => weight >= smallest).length).toBe(8);
      backwards.weights.forEach((weight, dimension) => expect(weight).toBeCloseTo(forwards.weights[dimension], 10));
    },
  );

  it('refuses no images and impossible counts', async () => {
    const encoder = tiny.images('tiny_b');
    await expect(calibrate(encoder, [])).rejects.toMatchObject({
      code: 'RFCLIP-CALIBRATE',
      message: 'calibrate: no images were given',
    });
    for (const count of [0, -1, 129, 1.5, NaN]) {
      await expect(calibrate(encoder, uploads([]), count)).rejects.toMatchObject({
        code: 'RFCLIP-CALIBRATE',
        message: `calibrate: ${count} dimensions were asked for, expected 1 to 128`,
      });
    }
  });

  it('leaves nothing alive when an image is too small', async () => {
    const small = tiny.device.zeros([1, 3, 8, 8]);
    await expect(calibrate(tiny.images('tiny_b'), [small])).rejects.toThrow('patch');
    expect(small.isDisposed).toBe(true);
    expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });
});
