import { SUBGROUP_MATRIX_FEATURE } from './adapter.ts';
import { Device, type DeviceOptions } from './device.ts';
import { DeviceError } from './errors.ts';
import { checkHalfProduct } from './halfProductCheck.ts';
import type { Precision, Products } from './precision.ts';
import { matrixShapes } from './subgroupMatrices.ts';

/** How to open a device that computes in a chosen precision. */
export interface OpenDeviceOptions extends Omit<DeviceOptions, 'subgroupMatrices'> {
  /** Default `auto`. */
  precision?: Precision;
}

const MATRICES_OF = { f32: undefined, f16: 'of any adapter', auto: 'of GPUs' } as const;

/**
 * Opens a device and decides how it computes products. `auto` takes f16 on GPUs that have subgroup matrices and
 * multiply a product of known result right, and f32 on all others. `f16` also takes ordinary kernels.
 * @throws DeviceError as `Device.create`; for `f16` on an adapter that has no f16, or computes it wrongly
 */
export async function openDevice({ precision = 'auto', ...options }: OpenDeviceOptions = {}): Promise<Device> {
  const device = await Device.create({ ...options, subgroupMatrices: MATRICES_OF[precision] });
  if (precision === 'f32' || (precision === 'auto' && device.adapterClass === 'software')) return device;
  const [matrices] = device.has(SUBGROUP_MATRIX_FEATURE) ? matrixShapes(device.info) : [];
  if (device.has('shader-f16') && matrices !== undefined) {
    const problem = await problemOf(device, { precision: 'f16', matrices });
    if (problem === undefined) return device;
    options.log?.(`notice: the matrix units of ${device.name} are not used: ${problem}`);
  } else if (precision === 'auto') return device;
  // What a refused kernel leaves behind computes nothing more.
  device.destroy();
  return precision === 'auto' ? Device.create(options) : openWithoutMatrices(options);
}

/** f16 with ordinary kernels. @throws DeviceError where the adapter has no f16, or computes it wrongly. */
async function openWithoutMatrices(options: DeviceOptions): Promise<Device> {
  const device = await Device.create(options);
  const problem = device.has('shader-f16')
    ? await problemOf(device, { precision: 'f16' })
    : "it has no f16 (WebGPU's shader-f16)";
  if (problem === undefined) return device;
  device.destroy();
  throw new DeviceError(`adapter ${device.name} cannot compute in f16: ${problem}`, {
    code: 'RFCLIP-PRECISION',
    where: '--precision',
    fix: 'use --precision f32, or leave it out',
  });
}

/** Sets how the device computes products, and says what is wrong with that. */
async function problemOf(device: Device, products: Products): Promise<string | undefined> {
  device.products = products;
  try {
    return await checkHalfProduct(device);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return error.message.split('\n')[0];
  }
}
