import type { AdapterClass } from './adapter.ts';
import type { GpuDevice } from './gpuTypes.ts';
import { napWhile } from './nap.ts';

/** What is waited for belongs to it. */
export interface AwaitedDevice {
  readonly gpu: GpuDevice;
  readonly adapterClass: AdapterClass;
  assertUsable(): void;
}

/** Milliseconds within which a device tells that it was lost, after something failed because of it. */
const LOSS_IS_TOLD = 100;

/**
 * Waits for a promise of a device, leaving the cores to a CPU adapter meanwhile.
 * @throws DeviceError when the device was lost, whatever the promise itself says of that; else what it is rejected with
 */
export async function waitForDevice<Result>(device: AwaitedDevice, promise: Promise<Result>): Promise<Result> {
  try {
    return await (device.adapterClass === 'software' ? napWhile(promise) : promise);
  } catch (cause) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, LOSS_IS_TOLD)));
    await Promise.race([device.gpu.lost, late]);
    clearTimeout(timer);
    device.assertUsable();
    throw cause;
  }
}
