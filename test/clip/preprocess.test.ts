import { describe, expect, it } from 'vitest';
import { clipPreprocess, normaliseForDense, resizeAndCentreCrop } from '../../clip/preprocess.ts';
import type { RgbImage } from '../../clip/image/types.ts';
import { fixtureTensors } from './image/fixtures.ts';

const tensors = fixtureTensors('preprocess.safetensors');

function picture(key: string): RgbImage {
  const { shape, data } = tensors.get(key)!;
  return { width: shape[1], height: shape[0], data: data as Uint8Array };
}

function expectClose(actual: Float32Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const worst = actual.reduce((largest, value, i) => Math.max(largest, Math.abs(value - expected[i])), 0);
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('clipPreprocess', () => {
  it.each(['landscape', 'tiny'])('%s equals torchvision on Pillow', (name) => {
    const source = picture(`clip_preprocess/${name}/src`);
    const whole = clipPreprocess(source);
    const row100 = Float32Array.from(
      { length: 3 * 224 },
      (_, i) => whole[Math.floor(i / 224) * 224 * 224 + 100 * 224 + (i % 224)],
    );
    expectClose(row100, tensors.get(`clip_preprocess/${name}/normalised_224_row100`)!.data as Float32Array, 1e-5);
  });

  it('shrinks to a small input as well', () => {
    const expected = tensors.get('clip_preprocess/landscape/normalised_64')!.data as Float32Array;
    expectClose(clipPreprocess(picture('clip_preprocess/landscape/src'), 64), expected, 1e-5);
  });

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

it('normaliseForDense equals the mmseg data preprocessor', () => {
  const expected = tensors.get('mmseg_normalise/normalised_nchw')!.data as Float32Array;
  expectClose(normaliseForDense(picture('mmseg_normalise/rgb_uint8_hwc')), expected, 5e-6);
});
