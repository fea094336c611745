import { describe, expect, it } from 'vitest';
import { Device, DeviceError, openDevice } from '../../engine/index.ts';
import { floatsToHalves } from '../../engine/dtype.ts';
import { checkHalfProduct } from '../../engine/halfProductCheck.ts';

describe('openDevice', () => {
  it('computes in f32 on a CPU unless f16 is asked for', async () => {
    const device = await openDevice({ debug: '' });
    if (device.adapterClass === 'software') expect(device.products).toEqual({ precision: 'f32' });
    device.destroy();
    const reference = await openDevice({ debug: '', precision: 'f32' });
    expect(reference.products).toEqual({ precision: 'f32' });
    expect(reference.has('chromium-experimental-subgroup-matrix')).toBe(false);
    reference.destroy();
  });

  it('takes f16 after a product of known result, with ordinary kernels where there are no matrices', async ({
    skip,
  }) => {
    const plain = await Device.create({ debug: '' });
    const hasHalves = plain.has('shader-f16');
    plain.destroy();
    if (!hasHalves) skip('the adapter has no f16');
    const device = await openDevice({ debug: '', precision: 'f16' });
    expect(device.products.precision).toBe('f16');
    expect(await checkHalfProduct(device)).toBeUndefined();
    device.destroy();
  });

  it('says what is wrong with a product', async ({ skip }) => {
    const device = await Device.create({ debug: '' });
    if (!device.has('shader-f16')) skip('the adapter has no f16');
    device.products = { precision: 'f16' };
    const upload = device.tensor.bind(device);
    // A driver that loses the last weight.
    device.tensor = (values, shape, dtype) =>
      upload(dtype === 'f16' ? floatsToHalves([...(values as Uint16Array)].map(() => 0.25)) : values, shape, dtype);
    expect(await checkHalfProduct(device)).toMatch(/^a product of known result was .*, expected .* within /);
    device.destroy();
  });

  it('refuses f16 on an adapter that has none, in one sentence', async () => {
    const error = await withoutHalves(() => openDevice({ debug: '', precision: 'f16' })).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DeviceError);
    expect(error).toMatchObject({ code: 'RFCLIP-PRECISION', where: '--precision' });
    expect((error as Error).message).toMatch(
      /^adapter .* cannot compute in f16: it has no f16 \(WebGPU's shader-f16\)$/,
    );
  });
});

/** Runs a body on adapters whose devices say that they have no f16. */
async function withoutHalves<Result>(body: () => Promise<Result>): Promise<Result> {
  const has = Device.prototype.has;
  Device.prototype.has = function (feature) {
    return feature !== 'shader-f16' && has.call(this, feature);
  };
  try {
    return await body();
  } finally {
    Device.prototype.has = has;
  }
}
