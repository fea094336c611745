import type { Device } from '../../engine/index.ts';

/** How a device with little memory behaves. */
export interface ScarceMemory {
  /** How many buffers were refused so far. */
  readonly refusals: number;
  /** Gives the device all its memory back. */
  end(): void;
}

/**
 * Lets a device refuse buffers as a GPU without memory does: `createBuffer` returns a buffer that nothing can be done
 * with, and the error scope around it tells of `GPUOutOfMemoryError`.
 * @param isTooMuch of the size in bytes of a buffer
 */
export function scarceMemory({ gpu }: Device, isTooMuch: (bytes: number) => boolean): ScarceMemory {
  const { createBuffer, popErrorScope } = gpu;
  let refusals = 0;
  let refused = false;
  gpu.createBuffer = (descriptor) => {
    if (!isTooMuch(descriptor.size)) return createBuffer.call(gpu, descriptor);
    refusals++;
    refused = true;
    if (descriptor.mappedAtCreation === true) throw new RangeError('out of memory');
    // No buffer has this usage, so Dawn makes an invalid one.
    gpu.pushErrorScope('validation');
    const invalid = createBuffer.call(gpu, { ...descriptor, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    popErrorScope.call(gpu).catch(() => {});
    return invalid;
  };
  gpu.popErrorScope = async () => {
    const tells = refused;
    refused = false;
    const error = await popErrorScope.call(gpu);
    return tells ? ({ message: 'out of memory' } as GPUOutOfMemoryError) : error;
  };
  return {
    get refusals() {
      return refusals;
    },
    end() {
      Object.assign(gpu, { createBuffer, popErrorScope });
    },
  };
}
