import { describe, expect, it } from 'vitest';
import { add, scale, softmax } from '../../engine/index.ts';
import { useDevice } from '../support/device.ts';

const opened = useDevice();

describe('a program that runs again', () => {
  const program = () => {
    const { device } = opened;
    return device.scope(() => {
      const x = device.tensor(Float32Array.from({ length: 600 }, Math.sin), [20, 30]);
      const scores = [1, 2, 3, 4].map((factor) => softmax(scale(x, factor)));
      return scores.reduce((sum, next) => add(sum, next));
    });
  };
  const run = async () => {
    const result = program();
    const values = await result.readFloats();
    result.dispose();
    return values;
  };

  it('makes no bind groups, writes no parameters, and gives the same values', async () => {
    const { device } = opened;
    const first = await run();
    const { created } = device.bindGroups;
    const { blocks } = device.parameterBlocks;
    for (let i = 0; i < 5; i++) expect(await run()).toEqual(first);
    expect(device.bindGroups.created).toBe(created);
    expect(device.parameterBlocks.blocks).toBe(blocks);
  });

  it('does so also while the results of the run before are alive', async () => {
    const { device } = opened;
    let before = program();
    const first = await before.readFloats();
    const next = async () => {
      const now = program();
      expect(await now.readFloats()).toEqual(first);
      before.dispose();
      before = now;
    };
    for (let i = 0; i < 3; i++) await next();
    const { created } = device.bindGroups;
    for (let i = 0; i < 4; i++) await next();
    before.dispose();
    expect(device.bindGroups.created).toBe(created);
  });

  it('forgets what was long unused, and still works', async () => {
    const { device } = opened;
    const first = await run();
    const sizes = Array.from({ length: 5000 }, (_, i) => i + 1);
    const { created } = device.bindGroups;
    device.scope(() => {
      const x = device.tensor([1], [1]);
      for (const size of sizes) scale(x, size);
    });
    await device.synchronize();
    expect(device.bindGroups.created - created).toBe(5000);
    expect(await run()).toEqual(first);
  });
});

describe('constants', () => {
  it('are uploaded once, are not among the live bytes, and survive many others', async () => {
    const { device } = opened;
    const { liveBytes } = device.pool.statistics;
    const constant = device.constant([3, 1, 4], [3], 'u32');
    expect(device.constant(Uint32Array.of(3, 1, 4), [3], 'u32')).toBe(constant);
    expect(device.constant([3, 1, 4], [3])).not.toBe(constant);
    expect(device.constant([3, 1, 4], [3, 1], 'u32')).not.toBe(constant);
    for (let i = 0; i < 200; i++) device.constant([i], [1]);
    expect(await device.constant([3, 1, 4], [3], 'u32').read()).toEqual(Uint32Array.of(3, 1, 4));
    expect(device.pool.statistics.liveBytes).toBe(liveBytes);
    for (let i = 0; i < 2000; i++) device.constant([i], [1]);
    expect(device.pool.statistics.keptBytes).toBeLessThan(600 * 256);
    expect(await device.constant([3, 1, 4], [3], 'u32').read()).toEqual(Uint32Array.of(3, 1, 4));
  });
});
