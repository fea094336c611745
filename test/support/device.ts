import { afterAll, beforeAll, expect } from 'vitest';
import type { AdapterClass } from '../../engine/adapter.ts';
import { Device, type DeviceOptions, type HostArray, ShapeError, type Tensor } from '../../engine/index.ts';

/** A device that is opened before the tests of a file and destroyed after them. */
export interface TestDevice {
  readonly device: Device;
}

/**
 * Opens one device for the calling test file. RFCLIP_DEBUG is ignored, so that the environment cannot change what is
 * tested. After the file's tests, every tensor must have been disposed.
 */
export function useDevice(options: DeviceOptions = {}): TestDevice {
  let device: Device | undefined;
  beforeAll(async () => {
    device = await Device.create({ debug: '', ...options });
    // Made now, so that it does not look like a leak of the first op that binds it.
    void device.placeholder;
  });
  afterAll(() => {
    const live = device?.pool.statistics.liveBuffers;
    device?.destroy();
    expect(live, 'live buffers at the end of the file, of which one is the placeholder').toBe(1);
  });
  return {
    get device() {
      if (device === undefined) throw new Error('the device is opened in beforeAll; use it inside of a test');
      return device;
    },
  };
}

/** Runs ops in a scope and downloads what `body` returns; nothing stays alive. */
export async function evaluate(device: Device, body: () => Tensor): Promise<HostArray> {
  return (await evaluateAll(device, () => [body()]))[0];
}

/** `evaluate` for several results. */
export async function evaluateAll(device: Device, body: () => Tensor[]): Promise<HostArray[]> {
  const results = device.scope(body);
  try {
    return await device.readAll(results);
  } finally {
    for (const result of results) result.dispose();
  }
}

/**
 * Adapter classes whose kernels differ: on a CPU one thread takes a whole row (LANES = 1) or a run of channels (RUN =
 * 16), on a GPU 64 threads share a row and each takes one channel.
 */
export const KERNEL_CLASSES: readonly AdapterClass[] = ['software', 'discrete'];

/**
 * Runs a synchronous body while ops choose their kernels as on another class of adapter. Works because a kernel is
 * chosen when an op is recorded, and any adapter can run any variant.
 */
export function asAdapterClass<Result>(device: Device, adapterClass: AdapterClass, body: () => Result): Result {
  const mutable = device as { adapterClass: AdapterClass };
  const actual = mutable.adapterClass;
  mutable.adapterClass = adapterClass;
  try {
    return body();
  } finally {
    mutable.adapterClass = actual;
  }
}

/** The message of the ShapeError that ops recorded in a scope must throw. */
export function shapeError(device: Device, body: () => unknown): string {
  try {
    device.scope(() => void body());
  } catch (error) {
    if (error instanceof ShapeError) return error.message;
    throw error;
  }
  return 'no error';
}
