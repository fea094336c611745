import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesPerElement,
  floatsToHalves,
  floatToHalfBits,
  halfBitsToFloat,
  halvesToFloats,
} from '../../engine/dtype.ts';

/**
 * The values of the 31744 finite halves that are not negative, in the order of their bits, by counting up: the step
 * between neighbours is 2^-24 for the first two blocks of 1024 and doubles with every block after that. IEEE 754-2019,
 * table 3.5.
 */
const finiteHalves = (() => {
  const values = [0];
  for (let bits = 1; bits < 0x7c00; bits++) values.push(values[bits - 1] + 2 ** (Math.max(1, (bits - 1) >>> 10) - 25));
  return values;
})();

/** Nearest half by search; ties go to the one with the even last bit. 65520 and more are infinite. */
function nearestHalf(value: number): number {
  const sign = Object.is(value, -0) || value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  let low = 0;
  let high = finiteHalves.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (finiteHalves[middle] <= magnitude) low = middle;
    else high = middle;
  }
  const [below, above] = [magnitude - finiteHalves[low], finiteHalves[high] - magnitude];
  return sign | (below < above || (below === above && low % 2 === 0) ? low : high);
}

describe('halves', () => {
  it('have the values of IEEE 754, all 65536 of them', () => {
    const widened = halvesToFloats(Uint16Array.from({ length: 65536 }, (_, bits) => bits));
    for (let bits = 0; bits < 65536; bits++) {
      const magnitude = bits & 0x7fff;
      const expected = magnitude > 0x7c00 ? NaN : magnitude === 0x7c00 ? Infinity : finiteHalves[magnitude];
      const signed = bits & 0x8000 ? -expected : expected;
      if (!Object.is(halfBitsToFloat(bits), signed) || !Object.is(widened[bits], signed)) {
        expect.fail(`half ${bits.toString(16)} is ${halfBitsToFloat(bits)} and ${widened[bits]}, expected ${signed}`);
      }
    }
  });

  it('survive widening and rounding, but for the payload of NaN', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const again = floatToHalfBits(halfBitsToFloat(bits));
      const isNaN = (bits & 0x7fff) > 0x7c00;
      if (isNaN ? (again & 0x7fff) <= 0x7c00 : again !== bits)
        expect.fail(`half ${bits.toString(16)} became ${again.toString(16)}`);
    }
  });

  it('are the nearest to any float32, ties to even', () => {
    const float = fc.oneof(
      fc.float({ noNaN: true }),
      fc.float({ noNaN: true, min: -70_000, max: 70_000 }),
      fc.float({ noNaN: true, min: Math.fround(-1e-4), max: Math.fround(1e-4) }),
    );
    fc.assert(
      fc.property(float, (value) => floatToHalfBits(value) === nearestHalf(value)),
      { numRuns: 5000 },
    );
  });

  it('are rounded right at, just below and just above the middle between any two neighbours', () => {
    const floats = finiteHalves.slice(1).flatMap((value, i) => {
      const middle = (value + finiteHalves[i]) / 2;
      return [middle, middle * (1 - 2 ** -23), middle * (1 + 2 ** -23)];
    });
    floats.push(65504, 65519.99, 65520, 65536, 3e38, Infinity, 2 ** -25, 2 ** -26, 0, -0);
    const values = Float32Array.from(floats);
    floatsToHalves(values).forEach((bits, i) => {
      if (bits !== nearestHalf(values[i]))
        expect.fail(`${values[i]} became ${bits.toString(16)}, expected ${nearestHalf(values[i]).toString(16)}`);
    });
  });

  it('have 2 bytes, all other types 4', () => {
    expect((['f16', 'f32', 'i32', 'u32'] as const).map(bytesPerElement)).toEqual([2, 4, 4, 4]);
  });
});
