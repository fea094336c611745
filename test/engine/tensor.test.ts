import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floatsToHalves } from '../../engine/dtype.ts';
import { add, Device, halfBitsToFloat, scale } from '../../engine/index.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, evaluateAll, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

describe('uploading and downloading', () => {
  it('keeps every float32 bit by bit, negative zero, subnormal numbers, NaN and infinity included', async () => {
    const { device } = opened;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.float(), { maxLength: 200 }), async (values) => {
        const actual = await evaluate(device, () => device.tensor(values, [values.length]));
        expect(Array.from(actual)).toEqual(values);
      }),
      { numRuns: DEVICE_RUNS },
    );
    expect(Array.from(await evaluate(device, () => device.tensor([-0, 1e-45, NaN, -Infinity], [4])))).toEqual([
      -0,
      Math.fround(1e-45),
      NaN,
      -Infinity,
    ]);
  });

  it('keeps integers of both signs and up to 2^32 - 1', async () => {
    const { device } = opened;
    const [signed, unsigned] = await evaluateAll(device, () => [
      device.tensor([-(2 ** 31), -1, 0, 2 ** 31 - 1], [2, 2], 'i32'),
      device.tensor([2 ** 32 - 1, 2 ** 31, 0], [3], 'u32'),
    ]);
    expect(signed).toEqual(Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1));
    expect(unsigned).toEqual(Uint32Array.of(2 ** 32 - 1, 2 ** 31, 0));
  });

  it('rounds numbers to halves and takes halves as bits, in odd numbers too', async () => {
    const { device } = opened;
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
    const actual = await evaluate(device, () => device.tensor(all, [65536], 'f16'));
    actual.forEach((value, bits) => {
      if (!Object.is(value, halfBitsToFloat(bits))) expect.fail(`half ${bits.toString(16)} came back as ${value}`);
    });
    await fc.assert(
      fc.asyncProperty(lengths(), seeds, async (length, seed) => {
        const values = randomFloats(seed, length, -70_000, 70_000);
        const rounded = await evaluate(device, () => device.tensor(values, [length], 'f16'));
        expectEqual(rounded, Array.from(floatsToHalves(values), halfBitsToFloat));
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes scalars and empty tensors, and fills zeros', async () => {
    const { device } = opened;
    const results = await evaluateAll(device, () => [
      device.tensor([7], []),
      device.tensor([], [3, 0]),
      device.zeros([5], 'f16'),
      device.zeros([2], 'u32'),
    ]);
    expect(results.map((values) => Array.from(values))).toEqual([[7], [], [0, 0, 0, 0, 0], [0, 0]]);
  });

  it('copies what it is given: later changes of the array do not reach the device', async () => {
    const { device } = opened;
    const values = Float32Array.of(1, 2);
    const actual = await evaluate(device, () => {
      const tensor = device.tensor(values, [2]);
      values.fill(9);
      return tensor;
    });
    expectEqual(actual, [1, 2]);
  });

  it('refuses shapes that are none, and values that do not fill them', () => {
    const { device } = opened;
    expect(shapeError(device, () => device.tensor([1, 2, 3], [2, 2]))).toBe(
      'tensor: 3 values do not fill shape [2, 2]',
    );
    for (const shape of [[-1], [1.5], [NaN]])
      expect(shapeError(device, () => device.empty(shape))).toBe(`tensor: [${shape}] is not a shape`);
  });

  it('readFloats refuses integers', async () => {
    const { device } = opened;
    const tensor = device.zeros([3], 'u32');
    await expect(tensor.readFloats()).rejects.toThrow('readFloats: tensor [3] is u32');
    tensor.dispose();
  });
});

describe('views', () => {
  it('reshape shares the buffer and infers one size', async () => {
    const { device } = opened;
    const before = device.pool.statistics.liveBuffers;
    const actual = await evaluate(device, () => {
      const tensor = device.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
      const view = tensor.reshape([3, -1]);
      expect(view.shape).toEqual([3, 2]);
      expect(view.storage).toBe(tensor.storage);
      expect(tensor.reshape([6]).rank).toBe(1);
      expect(device.pool.statistics.liveBuffers).toBe(before + 1);
      return view;
    });
    expectEqual(actual, [1, 2, 3, 4, 5, 6]);
  });

  it('reshape refuses another number of elements', () => {
    const { device } = opened;
    for (const shape of [[4], [-1, 4], [0, -1], [-2, -3], [1.5, 4]]) {
      expect(shapeError(device, () => device.zeros([2, 3]).reshape(shape))).toBe(
        `reshape: [2, 3] has 6 elements, [${shape.join(', ')}] does not fit`,
      );
    }
  });

  it('rows equals slicing, sharing the buffer where the offset is aligned and copying where it is not', async () => {
    const { device } = opened;
    await fc.assert(
      fc.asyncProperty(lengths(70), lengths(130), fc.nat(), fc.nat(), seeds, async (rows, width, one, other, seed) => {
        const [begin, end] = [one % (rows + 1), other % (rows + 1)].sort((a, b) => a - b);
        const x = randomFloats(seed, rows * width);
        const [slice, nested] = await evaluateAll(device, () => {
          const tensor = device.tensor(x, [rows, width]);
          const view = tensor.rows(begin, end);
          const aligned = (begin * width * 4) % device.offsetAlignment === 0;
          expect(view.storage === tensor.storage).toBe(aligned);
          expect(view.shape).toEqual([end - begin, width]);
          return [view, scale(tensor.rows(begin).rows(0, end - begin), 2)];
        });
        expectEqual(slice, x.subarray(begin * width, end * width));
        expectEqual(
          nested,
          x.subarray(begin * width, end * width).map((value) => 2 * value),
        );
      }),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('rows refuses what is outside of the axis', () => {
    const { device } = opened;
    for (const [begin, end] of [
      [-1, 1],
      [0, 3],
      [2, 1],
      [0.5, 1],
    ]) {
      expect(shapeError(device, () => device.zeros([2, 3]).rows(begin, end))).toBe(
        `rows: ${begin}..${end} is outside the first axis of [2, 3]`,
      );
    }
    expect(shapeError(device, () => device.zeros([]).rows(0))).toBe(
      'rows: 0..undefined is outside the first axis of []',
    );
  });

  it('rows of halves copies from any multiple of 4 bytes and refuses the others', async () => {
    const { device } = opened;
    const values = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    expectEqual(await evaluate(device, () => device.tensor(values, [3, 3], 'f16').rows(2)), [7, 8, 9]);
    expect(shapeError(device, () => device.zeros([3, 3], 'f16').rows(1))).toBe(
      'rows: row 1 of [3, 3] f16 begins at byte 6, but a copy begins at a multiple of 4',
    );
  });

  it('clone has a buffer of its own', async () => {
    const { device } = opened;
    const actual = await evaluate(device, () => {
      const tensor = device.tensor([1, 2, 3, 4], [4]);
      const copy = tensor.clone();
      expect(copy.storage).not.toBe(tensor.storage);
      return copy;
    });
    expectEqual(actual, [1, 2, 3, 4]);
  });

  it('keep the buffer until the last of them is disposed', async () => {
    const { device } = opened;
    const before = device.pool.statistics.liveBuffers;
    const tensor = device.tensor(new Float32Array(256).fill(3), [4, 64]);
    const view = tensor.rows(1, 3);
    tensor.dispose();
    tensor.dispose();
    expect(device.pool.statistics.liveBuffers).toBe(before + 1);
    expectEqual(await view.read(), new Float32Array(128).fill(3));
    view.dispose();
    expect(device.pool.statistics.liveBuffers).toBe(before);
  });
});

describe('a disposed tensor', () => {
  it('is refused by ops, views, copies and reads', async () => {
    const { device } = opened;
    const tensor = device.tensor(new Float32Array(130), [2, 65]);
    const other = device.zeros([2, 65]);
    tensor.dispose();
    expect(tensor.isDisposed).toBe(true);
    const gone = 'tensor [2, 65] was used after its scope ended or after dispose()';
    expect(shapeError(device, () => add(other, tensor))).toBe(`a kernel: ${gone}`);
    expect(shapeError(device, () => tensor.reshape([130]))).toBe(`a view: ${gone}`);
    expect(shapeError(device, () => tensor.rows(0, 1))).toBe(`rows: ${gone}`);
    expect(shapeError(device, () => tensor.rows(1))).toBe(`rows: ${gone}`);
    expect(shapeError(device, () => tensor.clone())).toBe(`clone: ${gone}`);
    await expect(tensor.read()).rejects.toThrow(`read: ${gone}`);
    await expect(device.readAll([other, tensor])).rejects.toThrow(`read: ${gone}`);
    other.dispose();
  });

  it('of a destroyed device cannot be read, nor can a new one be made', async () => {
    const device = await Device.create({ debug: '' });
    const tensor = device.zeros([3]);
    device.destroy();
    device.destroy();
    await expect(tensor.read()).rejects.toMatchObject({
      code: 'RFCLIP-DEVICE-DESTROYED',
      message: 'the device was destroyed',
    });
    expect(() => device.zeros([3])).toThrow('the device was destroyed');
  });
});
