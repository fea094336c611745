import { describe, expect, it } from 'vitest';
import { matmul } from '../../engine/index.ts';
import { inEqualParts, sizesOfPart } from '../../engine/ops/equalParts.ts';
import { expectEqual } from '../support/compare.ts';
import { asAdapterClass, evaluateAll, useDevice } from '../support/device.ts';
import { randomFloats } from '../support/random.ts';

const opened = useDevice();

describe('inEqualParts', () => {
  it.each([
    ['rows', { m: 1178, outer: 1, inner: 1 }, { m: 589, outer: 1, inner: 1 }],
    ['matrices of images', { m: 589, outer: 2, inner: 12 }, { m: 589, outer: 1, inner: 12 }],
    ['matrices in one row', { m: 588, outer: 1, inner: 6 }, { m: 588, outer: 1, inner: 3 }],
    ['nothing of what all share', { m: 589, outer: 1, inner: 3 }, { m: 589, outer: 1, inner: 3 }],
  ])('takes a product for that of a part, which has fewer %s', (_, sizes, ofPart) => {
    const rest = { n: 768, k: 64 };
    expect(inEqualParts(2, () => sizesOfPart({ ...sizes, ...rest }))).toEqual({ ...ofPart, ...rest });
    expect(sizesOfPart({ ...sizes, ...rest })).toEqual({ ...sizes, ...rest });
  });

  it('holds for the body alone, also where it fails', () => {
    const sizes = { m: 8, n: 1, k: 1, outer: 1, inner: 1 };
    const failing = () =>
      inEqualParts(2, () => {
        expect(inEqualParts(4, () => sizesOfPart(sizes).m)).toBe(2);
        expect(sizesOfPart(sizes).m).toBe(4);
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(sizesOfPart(sizes).m).toBe(8);
  });

  it('gives each part the bits that it has by itself, where all at once would be summed in another order', async () => {
    const { device } = opened;
    const [m, n, k, parts] = [130, 2048, 96, 4];
    const values = randomFloats(1, parts * m * k);
    const [whole, alike, ...alone] = await evaluateAll(device, () =>
      asAdapterClass(device, 'discrete', () => {
        const a = device.tensor(values, [parts * m, k]);
        const b = device.tensor(randomFloats(2, n * k), [k, n]);
        const rows = (part: number) => device.tensor(values.subarray(part * m * k, (part + 1) * m * k), [m, k]);
        return [
          matmul(a, b),
          inEqualParts(parts, () => matmul(a, b)),
          ...Array.from({ length: parts }, (_, part) => matmul(rows(part), b)),
        ];
      }),
    );
    for (const [part, one] of alone.entries())
      expectEqual((alike as Float32Array).subarray(part * m * n, (part + 1) * m * n), one);
    expect(whole.some((value, i) => value !== alike[i])).toBe(true);
  });
});
