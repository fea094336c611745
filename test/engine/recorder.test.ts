import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Device, DeviceError, scale, softmax } from '../../engine/index.ts';
import { type Dispatch, foldWorkgroups } from '../../engine/dispatch.ts';
import { expectEqual } from '../support/compare.ts';
import { evaluate, useDevice } from '../support/device.ts';

const opened = useDevice();

describe('foldWorkgroups', () => {
  it('covers every count with axes that WebGPU allows, and wastes less than one group per row', () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(200_000), fc.nat(2 ** 31)), (count) => {
        const [x, y, z] = foldWorkgroups(count);
        expect(Math.max(x, y)).toBeLessThanOrEqual(65535);
        expect(x * y * z).toBeGreaterThanOrEqual(count);
        expect(x * y * z).toBeLessThan(Math.max(1, count) + y);
      }),
    );
    expect([0, 1, 65535, 65536].map(foldWorkgroups)).toEqual([
      [1, 1, 1],
      [1, 1, 1],
      [65535, 1, 1],
      [32768, 2, 1],
    ]);
  });
});

describe('a launch by threads', () => {
  it('takes workgroups of 64, folded where they are many, and is not recorded where there are none', async () => {
    const lines: string[] = [];
    const device = await Device.create({ debug: 'dispatch', log: (line) => lines.push(line) });
    const x = device.zeros([4]);
    const y = device.empty([4]);
    const launch = (threads: number) =>
      device.recorder.dispatch({
        kernel: 'blend',
        params: { size: 4, period: 4, alpha: 1, beta: 0 },
        tensors: [x, x, y],
        threads,
      });
    [0, 1, 64, 65, 64 * 65535 + 1].forEach(launch);
    expect(lines.map((line) => line.split('  ')[1])).toEqual(
      ['1x1x1', '1x1x1', '2x1x1', '32768x2x1'].map((x) => `groups ${x}`),
    );
    expect(device.recorder.dispatches).toBe(4);
    device.destroy();
  });

  it('is given either threads or workgroups', () => {
    const call = { kernel: 'blend', tensors: [] };
    const launches: Dispatch[] = [
      { ...call, threads: 1 },
      { ...call, workgroups: [1, 1, 1] },
      // @ts-expect-error neither
      call,
      // @ts-expect-error both
      { ...call, threads: 1, workgroups: [1, 1, 1] },
    ];
    expect(launches).toHaveLength(4);
  });
});

describe('the recorder', () => {
  it('submits nothing until a value is read, then everything at once', async () => {
    const { device } = opened;
    const { submits, dispatches } = device.recorder;
    const result = device.scope(() => scale(scale(scale(device.tensor([1, 2], [2]), 2), 3), 5));
    expect(device.recorder.submits).toBe(submits);
    expect(device.recorder.dispatches).toBe(dispatches + 3);
    expect(device.recorder.isEmpty).toBe(false);
    expectEqual(await result.read(), [30, 60]);
    expect(device.recorder.submits).toBe(submits + 1);
    expect(device.recorder.isEmpty).toBe(true);
    await device.synchronize();
    expect(device.recorder.submits).toBe(submits + 1);
    result.dispose();
  });

  it('submits in the order of recording, whatever is waiting', async () => {
    const { device } = opened;
    const first = device.tensor([1], [1]);
    // A kernel that was never compiled holds the first list back while the second is recorded and flushed.
    const second = softmax(first, { scale: 1.5 });
    const flushed = device.recorder.flush();
    const third = scale(second, 7);
    const values = third.read();
    const fourth = scale(third, 2);
    await flushed;
    expectEqual(await values, [7]);
    expectEqual(await fourth.read(), [14]);
    for (const tensor of [first, second, third, fourth]) tensor.dispose();
  });

  it('submits early when much work is pending', async () => {
    const { device } = opened;
    const mutable = device as { maxFlopsPerSubmit: number };
    const { maxFlopsPerSubmit } = mutable;
    const { submits } = device.recorder;
    mutable.maxFlopsPerSubmit = 5;
    try {
      // 6 operations each: every one exceeds the limit of its own list.
      expectEqual(await evaluate(device, () => scale(scale(device.tensor([1, 2], [2]), 2), 2)), [4, 8]);
    } finally {
      mutable.maxFlopsPerSubmit = maxFlopsPerSubmit;
    }
    expect(device.recorder.submits).toBe(submits + 3);
  });

  it('does not destroy free buffers that a list waiting for its turn still uses', async () => {
    const { device } = opened;
    const { pool } = device;
    const trim = pool.trim.bind(pool);
    pool.trim = () => trim(0);
    try {
      const start = device.tensor([1, 2], [2]);
      const one = scale(start, 2);
      void device.recorder.flush();
      // The inner result is free again at once, but its list is submitted after the one before.
      const two = device.scope(() => scale(scale(one, 3), 5));
      expectEqual(await two.read(), [30, 60]);
      for (const tensor of [start, one, two]) tensor.dispose();
    } finally {
      pool.trim = trim;
    }
  });

  it('names the kernel and the parameter of a dispatch whose parameters are not those of the kernel', () => {
    const { device } = opened;
    const { dispatches } = device.recorder;
    device.scope(() => {
      const x = device.zeros([4]);
      const launch = (params: Record<string, number>) =>
        device.recorder.dispatch({
          kernel: 'blend',
          params,
          tensors: [x, x, device.empty([4])],
          workgroups: [1, 1, 1],
        });
      expect(() => launch({ size: 4, period: 4, alpha: 1 })).toThrow(
        new DeviceError(
          'kernel blend.wgsl: parameter beta is missing from { size, period, alpha }, expected f32, a number',
          {
            code: 'RFCLIP-KERNEL-PARAMS',
            where: 'blend',
          },
        ),
      );
      expect(() => launch({ size: 4, period: 4, alpha: 1, beta: 0, gamma: 1 })).toThrow(
        'kernel blend.wgsl: there is no parameter gamma, expected size, period, alpha, beta',
      );
    });
    expect(device.recorder.dispatches).toBe(dispatches);
  });

  it('compiles each kernel variant once', async () => {
    const { device } = opened;
    await evaluate(device, () => scale(device.zeros([2]), 1));
    const { size } = device.pipelines;
    await evaluate(device, () => scale(scale(device.zeros([3]), 2), 4));
    expect(device.pipelines.size).toBe(size);
  });
});

describe('a failure', () => {
  it(
    "of a kernel that is refused names it, carries the compiler's message and the WGSL, and fails every later " +
      'read',
    async () => {
      const device = await Device.create({ debug: '' });
      const healthy = device.tensor([1], [1]);
      await device.synchronize();
      const tensor = device.empty([4]);
      device.recorder.dispatch({
        kernel: 'softmax',
        constants: { LANES: 'unknown_' },
        params: { rows: 1, width: 4, causal: 0, scale: 1 },
        tensors: [healthy, tensor],
        workgroups: [1, 1, 1],
      });
      const error: unknown = await tensor.read().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(DeviceError);
      const { code, message, where } = error as DeviceError;
      expect({ code, where }).toEqual({ code: 'RFCLIP-KERNEL', where: 'softmax' });
      expect(message).toMatch(/^kernel softmax\(LANES=unknown_\) was refused: .*unknown_u/s);
      expect(message).toContain('unresolved');
      expect(message).toMatch(/\n {2}\d\d \| const LANES: u32 = unknown_u;\n/);
      await expect(healthy.read()).rejects.toBe(error);
      await expect(device.synchronize()).rejects.toBe(error);
      expect(() => device.zeros([1])).toThrow(message);
      device.destroy();
    },
  );

  it('of a kernel that does not exist, or has no such constant, is reported by the next read', async () => {
    for (const [kernel, constants, params, message] of [
      ['no_such_kernel', {}, {}, /no_such_kernel/],
      [
        'softmax',
        { TILE: 4 },
        { rows: 1, width: 4, causal: 0, scale: 1 },
        /^kernel softmax\.wgsl has no constant or alias named TILE$/,
      ],
    ] as const) {
      const device = await Device.create({ debug: '' });
      const tensor = device.zeros([4]);
      device.recorder.dispatch({ kernel, constants, params, tensors: [tensor], workgroups: [1, 1, 1] });
      await expect(tensor.read()).rejects.toThrow(message);
      device.destroy();
    }
  });

  it('that Dawn reports on its own fails every later read', async () => {
    const device = await Device.create({ debug: '' });
    const tensor = device.zeros([4]);
    device.gpu.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    await expect(tensor.read()).rejects.toMatchObject({
      code: 'RFCLIP-DEVICE-LOST',
      message: expect.stringMatching(/ failed: /),
    });
    device.destroy();
  });
});
