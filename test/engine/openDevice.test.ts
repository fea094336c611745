import { describe, expect, it } from 'vitest';
import { SUBGROUP_MATRIX_FEATURE } from '../../engine/adapter.ts';
import { Device, DeviceError, openDevice, Tensor } from '../../engine/index.ts';
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

  it('does not use matrix units whose product is wrong, and says so', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const device = await withWrongMatrixUnits(() => openDevice({ debug: '', log }));
    expect(device.products).toEqual({ precision: 'f32' });
    expect(device.isLost).toBe(false);
    device.destroy();
    expect(lines).toEqual([
      expect.stringMatching(
        /^notice: the matrix units of .* are not used: a product of known result was 0, expected .* within /,
      ),
    ]);
  });

  it('refuses f16 on an adapter that computes it wrongly, in one sentence', async ({ skip }) => {
    const plain = await Device.create({ debug: '' });
    const hasHalves = plain.has('shader-f16');
    plain.destroy();
    if (!hasHalves) skip('the adapter has no f16');
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    const opening = withWrongMatrixUnits(() => openDevice({ debug: '', log, precision: 'f16' }));
    await expect(opening).rejects.toMatchObject({
      code: 'RFCLIP-PRECISION',
      where: '--precision',
      message: expect.stringMatching(/^adapter .* cannot compute in f16: a product of known result was 0, expected /),
    });
    expect(lines).toEqual([expect.stringContaining('the matrix units of')]);
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

/** Runs a body on adapters that look like a GPU with matrix units, and give zeros for every product. */
async function withWrongMatrixUnits<Result>(body: () => Promise<Result>): Promise<Result> {
  const { has } = Device.prototype;
  const { readFloats } = Tensor.prototype;
  const { create } = Device;
  Device.prototype.has = function (feature) {
    return feature === SUBGROUP_MATRIX_FEATURE || has.call(this, feature);
  };
  Tensor.prototype.readFloats = async function () {
    return new Float32Array(this.size);
  };
  Device.create = async (options) => {
    const device = await create.call(Device, options);
    const config = { M: 16, N: 16, K: 16, componentType: 'f16', resultComponentType: 'f32' };
    const sizes = { subgroupMinSize: 32, subgroupMaxSize: 32 };
    const { vendor, architecture, description } = device.info;
    const info = { vendor, architecture, device: '', description, ...sizes, subgroupMatrixConfigs: [config] };
    return Object.assign(device, { adapterClass: 'discrete' as const, info });
  };
  try {
    return await body();
  } finally {
    Device.prototype.has = has;
    Tensor.prototype.readFloats = readFloats;
    Device.create = create;
  }
}
