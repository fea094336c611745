import { describe, expect, it } from 'vitest';
import { add, scale, ShapeError, type Tensor } from '../../engine/index.ts';
import { expectEqual } from '../support/compare.ts';
import { useDevice } from '../support/device.ts';

const opened = useDevice();

function live(): number {
  return opened.device.pool.statistics.liveBuffers;
}

describe('scope', () => {
  it('disposes everything made in it: tensors, results of ops, views', () => {
    const { device } = opened;
    const before = live();
    const made: Tensor[] = [];
    device.scope(() => {
      const tensor = device.tensor([1, 2, 3, 4], [4]);
      made.push(tensor, scale(tensor, 2), tensor.reshape([2, 2]), tensor.clone());
      expect(live()).toBe(before + 3);
    });
    expect(live()).toBe(before);
    expect(made.map((tensor) => tensor.isDisposed)).toEqual([true, true, true, true]);
  });

  it('keeps what it returns: a tensor, tensors in arrays and plain objects, a view of a tensor that ends', async () => {
    const { device } = opened;
    const before = live();
    const one = device.scope(() => scale(device.tensor([1], [1]), 2));
    const several = device.scope(() => {
      const base = device.tensor([1, 2, 3, 4], [4]);
      return {
        view: base.reshape([2, 2]),
        list: [scale(base, 3), [scale(base, 4)]],
        note: 'no tensor',
        nothing: undefined,
      };
    });
    expect(live()).toBe(before + 4);
    const tensors = [one, several.view, ...several.list.flat()] as Tensor[];
    const values = await device.readAll(tensors);
    expect(values.map((array) => Array.from(array))).toEqual([[2], [1, 2, 3, 4], [3, 6, 9, 12], [4, 8, 12, 16]]);
    for (const tensor of tensors) tensor.dispose();
    expect(live()).toBe(before);
  });

  it('hands what it returns to the scope around it', () => {
    const { device } = opened;
    const before = live();
    const outside = device.tensor([1, 2], [2]);
    let inner: Tensor | undefined;
    const kept = device.scope(() => {
      inner = device.scope(() => {
        scale(outside, 2);
        return scale(outside, 3);
      });
      expect(live()).toBe(before + 2);
      return add(inner, outside);
    });
    expect(inner!.isDisposed).toBe(true);
    expect(outside.isDisposed).toBe(false);
    expect(live()).toBe(before + 2);
    kept.dispose();
    outside.dispose();
  });

  it('leaves a tensor of an outer scope to that scope, even when it is returned', () => {
    const { device } = opened;
    device.scope(() => {
      const tensor = device.zeros([2]);
      expect(device.scope(() => tensor)).toBe(tensor);
      expect(tensor.isDisposed).toBe(false);
    });
  });

  it('disposes everything when its body throws, and the next scope works', async () => {
    const { device } = opened;
    const before = live();
    expect(() =>
      device.scope(() => {
        device.zeros([3]);
        device.scope(() => {
          device.zeros([3]);
          throw new Error('inside');
        });
      }),
    ).toThrow('inside');
    expect(live()).toBe(before);
    const next = device.scope(() => scale(device.tensor([4], [1]), 2));
    expectEqual(await next.read(), [8]);
    next.dispose();
  });

  it('refuses an asynchronous body, and disposes what it had made', () => {
    const { device } = opened;
    const before = live();
    expect(() => device.scope(async () => device.zeros([3]))).toThrow(
      new ShapeError('scope: the body must be synchronous; read values outside of it'),
    );
    expect(live()).toBe(before);
  });

  it('withoutScope makes tensors that outlive every scope', () => {
    const { device } = opened;
    let cached: Tensor | undefined;
    device.scope(() => {
      device.scope(() => {
        cached = device.withoutScope(() => device.zeros([3]));
        device.zeros([3]);
      });
      device.zeros([3]);
    });
    expect(cached!.isDisposed).toBe(false);
    cached!.dispose();
    expect(() =>
      device.withoutScope(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
  });

  it('outside of any scope, tensors live until they are disposed', () => {
    const { device } = opened;
    const before = live();
    const tensor = device.zeros([3]);
    expect(live()).toBe(before + 1);
    tensor.dispose();
    expect(live()).toBe(before);
  });
});
