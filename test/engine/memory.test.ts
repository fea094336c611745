import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blend, type Tensor } from '../../engine/index.ts';
import { bucketSize } from '../../engine/memory.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { useDevice } from '../support/device.ts';
import { DEVICE_RUNS, randomFloats, seeds } from '../support/random.ts';

const opened = useDevice();

describe('bucketSize', () => {
  const bytes = fc.oneof(fc.integer({ min: 1, max: 8192 }), fc.integer({ min: 1, max: 2 ** 33 }));

  it('is at least the size, wastes at most a quarter above 4 KiB, and is a fixed point', () => {
    fc.assert(
      fc.property(bytes, (size) => {
        const bucket = bucketSize(size);
        expect(bucket).toBeGreaterThanOrEqual(size);
        expect(bucket % 256).toBe(0);
        if (size > 4096) expect(bucket).toBeLessThanOrEqual(1.25 * size);
        expect(bucketSize(bucket)).toBe(bucket);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not decrease, and has four steps per power of two', () => {
    fc.assert(fc.property(bytes, bytes, (a, b) => bucketSize(Math.min(a, b)) <= bucketSize(Math.max(a, b))));
    expect([1, 256, 257, 4096, 4097, 5121, 8192, 8193].map(bucketSize)).toEqual([
      256, 256, 512, 4096, 5120, 6144, 8192, 10240,
    ]);
  });
});

describe('the pool', () => {
  it('counts live, free and created buffers, and the peak', () => {
    const { device } = opened;
    const start = device.pool.statistics;
    device.pool.resetPeak();
    // A size no other test uses, so that no free buffer fits.
    const size = 11 * 1024 * 256;
    const [one, two] = [device.empty([size]), device.empty([size])];
    expect(device.pool.statistics.liveBuffers).toBe(start.liveBuffers + 2);
    expect(device.pool.statistics.liveBytes).toBe(start.liveBytes + 2 * bucketSize(4 * size));
    expect(device.pool.statistics.created).toBe(start.created + 2);
    one.dispose();
    two.dispose();
    const after = device.pool.statistics;
    expect(after.liveBytes).toBe(start.liveBytes);
    expect(after.freeBytes).toBe(start.freeBytes + 2 * bucketSize(4 * size));
    expect(after.peakBytes).toBe(start.liveBytes + 2 * bucketSize(4 * size));
    const again = device.empty([size - 1]);
    expect(device.pool.statistics.created).toBe(after.created);
    again.dispose();
    device.pool.resetPeak();
    expect(device.pool.statistics.peakBytes).toBe(start.liveBytes);
    device.pool.trim(0);
    expect(device.pool.statistics.freeBytes).toBe(0);
  });

  it('gives a released buffer to the next tensor of its size class', () => {
    const { device } = opened;
    const first = device.empty([100]);
    const { buffer } = first.storage;
    first.dispose();
    const second = device.empty([128], 'u32');
    expect(second.storage.buffer).toBe(buffer);
    second.dispose();
  });

  it('refuses what one binding cannot span', () => {
    const { device } = opened;
    const limit = Math.min(device.gpu.limits.maxStorageBufferBindingSize, device.gpu.limits.maxBufferSize);
    const elements = Math.floor(limit / 4) + 2 ** 18;
    const [needed, most] = [4 * elements, limit].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    let caught: unknown;
    try {
      device.empty([elements]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({
      code: 'RFCLIP-BUFFER-LIMIT',
      message:
        `tensor [${elements}]: a buffer of ${needed} MiB is needed, but this adapter binds at most ${most} ` +
        `MiB at once`,
      fix: 'use a smaller image, smaller windows or an adapter with a larger limit',
    });
  });

  it('does not let an upload into a recycled buffer overtake commands that read its old content', async () => {
    const { device } = opened;
    const old = device.tensor(new Float32Array(64).fill(1), [64]);
    const { buffer } = old.storage;
    const copied = blend(old, 2, old, 0);
    old.dispose();
    const fresh = device.tensor(new Float32Array(64).fill(5), [64]);
    expect(fresh.storage.buffer).toBe(buffer);
    const [a, b] = await device.readAll([copied, fresh]);
    expectEqual(a, new Float32Array(64).fill(2));
    expectEqual(b, new Float32Array(64).fill(5));
    copied.dispose();
    fresh.dispose();
  });
});

/** Lengths of the tensors of random programs: two share a size class, one does not. */
const LENGTHS = [60, 64, 1500] as const;

interface Instruction {
  kind: 'upload' | 'blend' | 'scope' | 'drop' | 'flush';
  length: number;
  first: number;
  second: number;
}

interface Variable {
  tensor: Tensor;
  /** What it should hold. */
  values: Float64Array;
}

/**
 * Runs a program of uploads and blends. With `reuse`, dropped tensors are disposed and some blends happen in a scope,
 * so that buffers are recycled while commands that use them are pending; without, everything lives to the end.
 */
async function runProgram(program: readonly Instruction[], seed: number, reuse: boolean): Promise<void> {
  const { device } = opened;
  const all: Tensor[] = [];
  const variables: Variable[][] = LENGTHS.map(() => []);
  const mean = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Float64Array.from(a, (value, i) => 0.5 * value + 0.5 * b[i]);
  program.forEach(({ kind, length, first, second }, step) => {
    const list = variables[length];
    const define = (tensor: Tensor, values: Float64Array) => {
      list.push({ tensor, values });
      all.push(tensor);
    };
    if (kind === 'flush') {
      void device.recorder.flush();
    } else if (kind === 'upload' || list.length === 0) {
      const values = randomFloats(seed + step, LENGTHS[length]);
      define(device.tensor(values, [LENGTHS[length]]), Float64Array.from(values));
    } else if (kind === 'drop') {
      const [dropped] = list.splice(first % list.length, 1);
      if (reuse) dropped.tensor.dispose();
    } else {
      const [a, b] = [list[first % list.length], list[second % list.length]];
      const once = () => blend(a.tensor, 0.5, b.tensor, 0.5);
      if (kind === 'blend') return define(once(), mean(a.values, b.values));
      const twice = () => {
        const inner = once();
        if (!reuse) all.push(inner);
        return blend(inner, 0.5, b.tensor, 0.5);
      };
      define(reuse ? device.scope(twice) : twice(), mean(mean(a.values, b.values), b.values));
    }
  });
  const remaining = variables.flat();
  const results = await device.readAll(remaining.map(({ tensor }) => tensor));
  for (const tensor of all) tensor.dispose();
  // Every blend rounds three times, values stay within 1, and a variable has at most two blends per step behind it.
  results.forEach((actual, i) =>
    expectClose({ actual, expected: remaining[i].values, tolerance: 6 * program.length * U }),
  );
}

describe('reuse of buffers', () => {
  it('never corrupts a value, in any program of uploads, blends, scopes, disposals and flushes', async () => {
    const instruction = fc.record({
      kind: fc.constantFrom<Instruction['kind']>(
        'upload',
        'upload',
        'blend',
        'blend',
        'scope',
        'drop',
        'drop',
        'flush',
      ),
      length: fc.nat(LENGTHS.length - 1),
      first: fc.nat(20),
      second: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(instruction, { minLength: 5, maxLength: 80, size: 'max' }),
        seeds,
        async (program, seed) => {
          await runProgram(program, seed, true);
          await runProgram(program, seed, false);
        },
      ),
      { numRuns: 2 * DEVICE_RUNS },
    );
  });
});
