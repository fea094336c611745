import { beforeAll, describe, expect, it } from 'vitest';
import { Device, formatKernelTimes, scale, softmax } from '../../engine/index.ts';
import { Profiler } from '../../engine/profiler.ts';

/** A GPU whose time stamps are these, in nanoseconds. */
function fakeGpu(ticks: readonly bigint[]): GPUDevice {
  const buffer = {
    mapAsync: () => Promise.resolve(),
    getMappedRange: () => BigUint64Array.from(ticks).buffer,
    unmap: () => {},
  };
  return { createQuerySet: () => ({}), createBuffer: () => buffer } as unknown as GPUDevice;
}

// The first device brings WebGPU's constants.
beforeAll(async () => (await Device.create({ debug: '' })).destroy());

describe('the profiler', () => {
  it.each([
    ['as browsers round them', [65536n, 131072n, 131072n, 131072n, 131072n, 655360n], 0.065536, 9 * 0.065536],
    ['as they are', [65536n, 131072n, 131072n, 131073n, 131072n, 655360n], undefined, 9 * 0.065536 + 1e-6],
    ['of a clock that stands still', [0n, 0n, 0n, 0n, 0n, 0n], undefined, 0],
    ['of a clock that goes back', [65536n, 0n, 0n, 0n, 0n, 0n], 0.065536, 0],
  ])('says to what time stamps are rounded, %s', async (_, ticks, step, milliseconds) => {
    const profiler = new Profiler(fakeGpu(ticks));
    for (let launch = 0; launch < ticks.length / 2; launch++) profiler.begin('blend', 1, 1);
    await profiler.collect();
    expect(profiler.stepMilliseconds).toBe(step);
    expect(profiler.times[0].milliseconds).toBeCloseTo(milliseconds, 9);
  });

  it('counts calls, operations and bytes by kernel variant, and is off unless asked for', async ({ skip }) => {
    const plain = await Device.create({ debug: '' });
    expect(plain.profiler).toBeUndefined();
    plain.destroy();
    const device = await Device.create({ debug: '', profileKernels: true });
    const { profiler } = device;
    if (profiler === undefined) {
      device.destroy();
      return skip('the adapter has no timestamp queries');
    }
    device.scope(() => {
      const x = device.zeros([2, 50]);
      softmax(scale(scale(x, 2), 3));
    });
    await device.synchronize();
    const blend = profiler.times.find(({ kernel }) => kernel === 'blend');
    expect(blend).toMatchObject({ calls: 2, flops: 2 * 300, bytes: 2 * 1200 });
    expect(profiler.times.map(({ kernel }) => kernel).sort()).toEqual([
      'blend',
      expect.stringMatching(/^softmax\(LANES=\d+\)$/),
    ]);
    expect(profiler.times.every(({ milliseconds }) => milliseconds >= 0 && milliseconds < 10_000)).toBe(true);
    profiler.reset();
    expect(profiler.times).toEqual([]);
    device.destroy();
  });

  it('says how many dispatches of a very long list it could not time', async ({ skip }) => {
    const device = await Device.create({ debug: '', profileKernels: true });
    const { profiler } = device;
    if (profiler === undefined) {
      device.destroy();
      return skip('the adapter has no timestamp queries');
    }
    device.scope(() => {
      const x = device.zeros([1]);
      for (let i = 0; i < 2050; i++) scale(x, 2).dispose();
    });
    await device.synchronize();
    expect(profiler.untimed).toBe(2);
    expect(profiler.times[0].calls).toBe(2048);
    device.destroy();
  });
});

describe('formatKernelTimes', () => {
  it('is a table with rates and shares, the last line the sum', () => {
    const times = [
      { kernel: 'matmul_naive(TRANSPOSE_B=true)', calls: 12, milliseconds: 30, flops: 6e9, bytes: 3e8 },
      { kernel: 'blend', calls: 100, milliseconds: 10, flops: 0, bytes: 1e9 },
      { kernel: 'softmax', calls: 1, milliseconds: 0, flops: 5, bytes: 5 },
    ];
    expect(formatKernelTimes(times, 7)).toMatchInlineSnapshot(`
      "kernel                          calls        ms      %   GFLOP/s      GB/s
      matmul_naive(TRANSPOSE_B=true)     12    30.000   75.0    200.00     10.00
      blend                             100    10.000   25.0      0.00    100.00
      softmax                             1     0.000    0.0         -         -
      all                               113    40.000
      7 dispatches were not timed: the query set holds 2048 per submit"
    `);
  });

  it('breaks long names, so that it has at most 100 columns', () => {
    const constants = 'TRANSPOSE_B=true,BIAS=true,RESIDUAL=true,ACTIVATION=1,TILE_M=128,TILE_N=64,LANES=32,WORK=7';
    const times = [
      {
        kernel: `matmul_register_tile(${constants})`,
        calls: 123456,
        milliseconds: 12345.678,
        flops: 6e15,
        bytes: 3e12,
      },
      { kernel: 'x'.repeat(130), calls: 1, milliseconds: 1, flops: 1, bytes: 1 },
    ];
    const lines = formatKernelTimes(times).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines[1]).toMatch(/^matmul_register_tile\(TRANSPOSE_B=true,BIAS=true, +123456 12345.678 /);
    expect(lines[2]).toBe('  RESIDUAL=true,ACTIVATION=1,TILE_M=128,TILE_N=64,');
    expect(lines[3]).toBe('  LANES=32,WORK=7)');
    const names = lines.slice(4, -1).map((line) => line.slice(0, 55).trim());
    expect(names.join('')).toBe('x'.repeat(130));
  });

  it('has no rates where nothing was timed', () => {
    expect(formatKernelTimes([])).toMatchInlineSnapshot(`
      "kernel  calls        ms      %   GFLOP/s      GB/s
      all         0     0.000"
    `);
  });
});
