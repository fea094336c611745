import { describe, expect, it } from 'vitest';
import { resizeAndCentreCrop } from '../../clip/preprocess.ts';
import type { RgbImage } from '../../clip/image/types.ts';
import { expectRecorded, recordedCases } from '../support/reference.ts';

describe('clipPreprocess', () => {
  it.each(recordedCases('image/clip_preprocess/'))(
    '%s equals torchvision on Pillow, one also shrunk to a small input',
    async (name) => {
      const { computed } = await expectRecorded(name, undefined, { normalised_224_row100: 1e-5 });
      expect(computed.has('normalised_64')).toBe(name.endsWith('landscape'));
    },
  );

  it('crops the centre, an odd margin going to the even offset', () => {
    const ramp = (width: number, height: number): RgbImage => ({
      width,
      height,
      data: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
        width > height ? Math.floor(i / 3) % width : Math.floor(i / 3 / width),
      ),
    });
    for (const [length, first] of [
      [4, 0],
      [5, 0],
      [6, 1],
      [7, 2],
      [8, 2],
      [9, 2],
      [11, 4],
    ]) {
      expect(resizeAndCentreCrop(ramp(length, 4), 4).data[0]).toBe(first);
      expect(resizeAndCentreCrop(ramp(4, length), 4).data[0]).toBe(first);
    }
  });
});

it('normaliseForDense equals the mmseg data preprocessor', async () => {
  await expectRecorded('image/mmseg_normalise', undefined, { normalised_nchw: 5e-6 });
});
