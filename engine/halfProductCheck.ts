import type { Device } from './device.ts';
import { floatsToHalves, halvesToFloats } from './dtype.ts';
import { matmul } from './ops/matmul.ts';

/** No multiple of any tile, and deep enough for several steps of it. */
const SIZES = { m: 70, n: 72, k: 208 };

/**
 * Multiplies two matrices of known product as a linear layer in f16 does, and says what is wrong with the result, as
 * the end of a sentence; undefined where it is right. The operands are exact in f16, so only sums are rounded: k
 * additions in f32, of which matrix units may cut the last bit, are off by at most k 2^-23 sum |a||b|.
 * @throws DeviceError when the device is lost, or the driver refuses the kernel
 */
export async function checkHalfProduct(device: Device): Promise<string | undefined> {
  const { m, n, k } = SIZES;
  const a = values(m * k, 1);
  const b = values(n * k, 2);
  const bias = values(n, 3).floats;
  const out = device.scope(() =>
    matmul(device.tensor(a.floats, [m, k]), device.tensor(b.bits, [n, k], 'f16'), {
      transposeB: true,
      bias: device.tensor(bias, [n]),
    }),
  );
  const found = await out.readFloats();
  out.dispose();
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column++) {
      let sum = bias[column];
      let size = Math.abs(sum);
      for (let i = 0; i < k; i++) {
        const term = a.floats[row * k + i] * b.floats[column * k + i];
        sum += term;
        size += Math.abs(term);
      }
      const value = found[row * n + column];
      const bound = (k + 1) * 2 ** -23 * size;
      if (!(Math.abs(value - sum) <= bound))
        return `a product of known result was ${value}, expected ${sum} within ${bound.toExponential(1)}`;
    }
  }
  return undefined;
}

/** Values in [-0.5, 0.5), the same every time, exact in f16. */
function values(count: number, seed: number): { bits: Uint16Array; floats: Float32Array } {
  let state = seed;
  const bits = floatsToHalves(
    Array.from({ length: count }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32 - 0.5;
    }),
  );
  return { bits, floats: halvesToFloats(bits) };
}
