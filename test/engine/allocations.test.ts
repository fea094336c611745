import { describe, expect, it } from 'vitest';
import { add, type Device, scale } from '../../engine/index.ts';
import { expectEqual } from '../support/compare.ts';
import { asAdapterClass, useDevice } from '../support/device.ts';
import { scarceMemory } from '../support/scarceMemory.ts';

const opened = useDevice();
const BIG = 2 ** 20;
const noMemory = {
  name: 'DeviceError',
  code: 'RFCLIP-OUT-OF-MEMORY',
  message: expect.stringMatching(/ has no memory left for a buffer of 4\.0 MiB$/),
};

async function withScarceMemory(device: Device, body: () => Promise<void>): Promise<void> {
  device.pool.trim(0);
  const scarce = scarceMemory(device, (bytes) => bytes >= 4 * BIG);
  try {
    await body();
    expect(scarce.refusals).toBeGreaterThan(0);
  } finally {
    scarce.end();
  }
  device.assertUsable();
}

describe('a device without memory for a buffer', () => {
  it.each([
    ['a result', (device: Device) => device.scope(() => scale(device.empty([BIG]), 2))],
    ['an upload', (device: Device) => device.tensor(new Float32Array(BIG), [BIG])],
    [
      'the result of an upload',
      (device: Device) => device.scope(() => scale(device.tensor(new Float32Array(BIG).fill(1), [BIG]), 2)),
    ],
  ])('tells the one who reads %s, and goes on', async (_what, make) => {
    const { device } = opened;
    await withScarceMemory(device, async () => {
      const result = make(device);
      await expect(result.readFloats()).rejects.toMatchObject(noMemory);
      result.dispose();
      const small = device.scope(() => scale(device.tensor([1, 2], [2]), 3));
      expectEqual(await small.read(), [3, 6]);
      small.dispose();
    });
    // The refused buffer is not handed out again.
    const whole = device.scope(() => scale(device.tensor(new Float32Array(BIG).fill(1), [BIG]), 2));
    expect((await whole.readFloats()).every((value) => value === 2)).toBe(true);
    whole.dispose();
  });

  it('still does what others recorded meanwhile', async () => {
    const { device } = opened;
    const old = device.tensor([1, 2, 3, 4], [4]);
    await withScarceMemory(device, async () => {
      const { sum, big } = device.scope(() => ({ sum: add(old, old), big: scale(device.empty([BIG]), 2) }));
      await expect(big.readFloats()).rejects.toMatchObject(noMemory);
      expectEqual(await sum.read(), [2, 4, 6, 8]);
      sum.dispose();
      big.dispose();
    });
    old.dispose();
  });

  it('also tells where the part that lacked it was submitted early', async () => {
    const { device } = opened;
    const mutable = device as { maxFlopsPerSubmit: number };
    const before = mutable.maxFlopsPerSubmit;
    mutable.maxFlopsPerSubmit = 1;
    try {
      await withScarceMemory(device, async () => {
        const x = device.tensor([1, 2], [2]);
        const y = asAdapterClass(device, 'integrated', () =>
          device.scope(() => {
            scale(device.empty([BIG]), 2);
            return scale(scale(x, 2), 2);
          }),
        );
        await expect(y.read()).rejects.toMatchObject(noMemory);
        x.dispose();
        y.dispose();
      });
    } finally {
      mutable.maxFlopsPerSubmit = before;
    }
  });

  it('refuses an upload that has to be staged at once', async () => {
    const { device } = opened;
    const old = device.tensor(new Float32Array(BIG), [BIG]);
    device.scope(() => void scale(old, 2));
    old.dispose();
    const scarce = scarceMemory(device, (bytes) => bytes >= 4 * BIG);
    try {
      // The buffers of before are free again, but commands that use them are not submitted yet.
      expect(() => device.scope(() => void device.tensor(new Float32Array(BIG), [BIG]))).toThrow('has no memory left');
    } finally {
      scarce.end();
    }
    await device.synchronize();
  });
});
