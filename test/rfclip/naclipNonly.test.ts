import { describe, expect, it } from 'vitest';
import { makeNaclip } from '../../rfclip/methods/index.ts';
import { gaussianNeighbourhood, patchGaussian } from '../../rfclip/methods/naclip.ts';
import { expectClose, expectEqual } from '../support/compare.ts';
import { evaluateAll } from '../support/device.ts';
import { expectRecorded, recordedCases, recordedPicture } from '../support/reference.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

describe('NACLIP by nearness alone', () => {
  it.each(recordedCases('methods/naclip/').filter((name) => name.endsWith('_nonly')))(
    'equals the published code on %s',
    async (name) => {
      await expectRecorded(name, tiny);
    },
  );

  it('is as strong in each image of a batch as it is for the image alone', async () => {
    const { device } = tiny;
    const { data, height, width } = recordedPicture('main');
    const pixels = new Float32Array(2 * data.length);
    pixels.set(data.map((value) => -value));
    pixels.set(data, data.length);
    const method = makeNaclip({ strategy: 'nonly', architecture: 'reduced', gaussianDeviation: 5 });
    const [both, alone] = await evaluateAll(device, () => [
      method.encode(tiny.images('tiny_b'), device.tensor(pixels, [2, 3, height, width])).patches,
      method.encode(tiny.images('tiny_b'), device.tensor(data, [1, 3, height, width])).patches,
    ]);
    expectClose({ actual: both.slice(both.length / 2), expected: alone, tolerance: 1e-5 });
  });
});

describe('the Gaussian', () => {
  it('is 1 at a patch, symmetric, and the same with CLS but for its row and column', () => {
    const grid = { height: 3, width: 5 };
    const patches = patchGaussian(grid, 2);
    const all = gaussianNeighbourhood(grid, 2);
    expectEqual(all.subarray(0, 16), new Float32Array(16));
    for (let i = 0; i < 15; i++) {
      expect(patches[i * 15 + i]).toBe(1);
      expect(all[(i + 1) * 16]).toBe(0);
      expectEqual(all.subarray((i + 1) * 16 + 1, (i + 2) * 16), patches.subarray(i * 15, (i + 1) * 15));
      for (let j = 0; j < 15; j++) expect(patches[i * 15 + j]).toBe(patches[j * 15 + i]);
    }
    // One row down and two columns along: exp(-5 / 8).
    expect(patches[7]).toBe(Math.fround(Math.exp(-5 / 8)));
  });
});
