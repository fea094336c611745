import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../../engine/errors.ts';
import { rescaleSize } from '../../../clip/image/rescaleSize.ts';
import { resizeBicubicPillow } from '../../../clip/image/resizeBicubicPillow.ts';
import { resizeBilinear } from '../../../clip/image/resizeBilinear.ts';
import type { RgbImage } from '../../../clip/image/types.ts';
import { expectRecorded, recordedCases } from '../../support/reference.ts';

const side = fc.integer({ min: 1, max: 24 });
const anyPicture = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data) => ({ width, height, data })),
  );

/** The same interpolation in float64: `sample` weighs the sources of one output position along one axis. */
function resizeFloat(
  image: RgbImage,
  width: number,
  height: number,
  weigh: (inSize: number, outSize: number, i: number) => [number, number][],
): Float64Array {
  const out = new Float64Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const [row, rowWeight] of weigh(image.height, height, y)) {
        for (const [column, columnWeight] of weigh(image.width, width, x)) {
          for (let channel = 0; channel < 3; channel++) {
            out[(y * width + x) * 3 + channel] +=
              rowWeight * columnWeight * image.data[(row * image.width + column) * 3 + channel];
          }
        }
      }
    }
  }
  return out;
}

function bilinearWeights(inSize: number, outSize: number, i: number): [number, number][] {
  const position = ((i + 0.5) * inSize) / outSize - 0.5;
  const first = Math.floor(position);
  const clamp = (at: number) => Math.min(Math.max(at, 0), inSize - 1);
  return [
    [clamp(first), 1 - (position - first)],
    [clamp(first + 1), position - first],
  ];
}

function largestDeviation(levels: Uint8Array, exact: Float64Array): number {
  return levels.reduce(
    (largest, level, i) => Math.max(largest, Math.abs(level - Math.min(255, Math.max(0, exact[i])))),
    0,
  );
}

describe('resizeBilinear', () => {
  it.each([...recordedCases('image/cv2_linear/'), ...recordedCases('image/imrescale')])(
    '%s equals OpenCV',
    async (name) => {
      await expectRecorded(name, undefined, { out: 0 });
    },
  );

  it('stays within one level of float64', () => {
    fc.assert(
      fc.property(anyPicture, side, side, (image, width, height) => {
        expect(
          largestDeviation(
            resizeBilinear(image, width, height).data,
            resizeFloat(image, width, height, bilinearWeights),
          ),
        ).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  it('the same size changes nothing', () => {
    fc.assert(
      fc.property(anyPicture, (image) => {
        expect(resizeBilinear(image, image.width, image.height)).toEqual(image);
      }),
    );
  });

  it('halving is the rounded mean of 2 x 2 pixels', () => {
    fc.assert(
      fc.property(anyPicture, (image) => {
        const double = scattered(image, image.width * 2, image.height * 2);
        const { data } = resizeBilinear(double, image.width, image.height);
        expect([...data]).toEqual([...blockMeans(double)]);
      }),
    );
  });

  it('refuses sides and data that do not fit', () => {
    const image = { width: 2, height: 2, data: new Uint8Array(12) };
    for (const bad of [0, -1, 1.5, NaN]) expect(() => resizeBilinear(image, bad, 2)).toThrow(ShapeError);
    expect(() => resizeBilinear({ ...image, height: 3 }, 2, 2)).toThrow(ShapeError);
    expect(() => resizeBicubicPillow(image, 2, 0)).toThrow(ShapeError);
  });
});

/** A picture of another size whose levels are drawn, pseudo-randomly, from those of the given one. */
function scattered(image: RgbImage, width: number, height: number): RgbImage {
  return {
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => image.data[i % image.data.length] + i * 37),
  };
}

function blockMeans({ width, height, data }: RgbImage): number[] {
  const means: number[] = [];
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width * 3; x += 6) {
      for (let channel = 0; channel < 3; channel++) {
        const at = y * width * 3 + x + channel;
        means.push((data[at] + data[at + 3] + data[at + width * 3] + data[at + width * 3 + 3] + 2) >> 2);
      }
    }
  }
  return means;
}

function cubicWeights(inSize: number, outSize: number, i: number): [number, number][] {
  const scale = inSize / outSize;
  const widening = Math.max(1, scale);
  const taps: [number, number][] = [];
  for (let at = 0; at < inSize; at++) {
    const x = Math.abs((at + 0.5 - (i + 0.5) * scale) / widening);
    if (x < 1) taps.push([at, 1.5 * x ** 3 - 2.5 * x ** 2 + 1]);
    else if (x < 2) taps.push([at, -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2]);
  }
  const sum = taps.reduce((total, [, weight]) => total + weight, 0);
  return taps.map(([at, weight]) => [at, weight / sum]);
}

describe('resizeBicubicPillow', () => {
  it('stays close to float64 where nothing overshoots', () => {
    fc.assert(
      fc.property(anyPicture, side, side, (image, width, height) => {
        // Levels 80..175 keep the intermediate picture inside 0..255, so that only the two roundings differ.
        const mild = { ...image, data: image.data.map((level) => 80 + (level * 95) / 255) };
        const exact = resizeFloat(mild, width, height, cubicWeights);
        expect(largestDeviation(resizeBicubicPillow(mild, width, height).data, exact)).toBeLessThanOrEqual(1.25);
      }),
      { numRuns: 200 },
    );
  });

  it.each([resizeBilinear, resizeBicubicPillow])('constant pictures stay constant (%o)', (resize) => {
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.integer({ min: 0, max: 255 }),
        (inWidth, inHeight, width, height, level) => {
          const image = { width: inWidth, height: inHeight, data: new Uint8Array(inWidth * inHeight * 3).fill(level) };
          const { data } = resize(image, width, height);
          // OpenCV's two truncated halves may lose a level, never more.
          expect(data.every((value) => value === level || (resize === resizeBilinear && value === level - 1))).toBe(
            true,
          );
        },
      ),
    );
  });
});

describe('rescaleSize', () => {
  it('follows the table of mmcv', async () => {
    const { computed } = await expectRecorded('image/rescale_rule');
    expect(computed.get('new_h')!.length).toBeGreaterThan(100);
  });

  it('keeps one pixel of a sliver', () => {
    expect(rescaleSize(9000, 1, [2048, 448])).toEqual({ width: 2048, height: 1 });
  });
});
