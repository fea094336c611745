import type { BufferBinding, GpuDevice } from './gpuTypes.ts';
import { type KernelParams, type KernelParamsLayout, packKernelParams } from './kernelParams.ts';

/** Size of a buffer of blocks, and how many of them are kept before all is forgotten. */
const BUFFER_BYTES = 64 * 1024;
const MOST_BUFFERS = 16;

/**
 * Uniform blocks by the parameters in them. A block that was written once stays where it is, so that a program that
 * runs again uploads no parameters, and its bind groups hold.
 */
export class ParameterBlocks {
  readonly #gpu: GPUDevice;
  readonly #alignment: number;
  readonly #bindings = new Map<string, BufferBinding>();
  #buffer: GPUBuffer | undefined;
  #buffers = 0;
  #used = 0;

  /** `alignment` in bytes is what the device asks of offsets of uniform buffers. */
  constructor(gpu: GpuDevice, alignment: number) {
    this.#gpu = gpu;
    this.#alignment = alignment;
  }

  /** How many are there. */
  get blocks(): number {
    return this.#bindings.size;
  }

  /**
   * Where the parameters of a kernel lie; packed and written at once if they are new. Undefined for a kernel without.
   * @throws DeviceError as `packKernelParams`.
   */
  place(layout: KernelParamsLayout, params: KernelParams): BufferBinding | undefined {
    if (layout.bytes === 0) {
      packKernelParams(layout, params);
      return undefined;
    }
    let key = layout.kernel;
    for (const name in params) key += `,${name}:${params[name]}`;
    let binding = this.#bindings.get(key);
    if (binding === undefined) {
      binding = this.#append(packKernelParams(layout, params)!);
      this.#bindings.set(key, binding);
    }
    return binding;
  }

  #append(block: ArrayBuffer): BufferBinding {
    const bytes = Math.ceil(block.byteLength / this.#alignment) * this.#alignment;
    if (this.#buffer === undefined || this.#used + bytes > BUFFER_BYTES) {
      // Launches that are recorded may still bind the buffers of old, so these are left to the garbage collector.
      if (this.#buffers === MOST_BUFFERS) {
        this.#bindings.clear();
        this.#buffers = 0;
      }
      this.#buffers++;
      this.#used = 0;
      this.#buffer = this.#gpu.createBuffer({
        size: BUFFER_BYTES,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
    }
    const binding = { buffer: this.#buffer, offset: this.#used, size: block.byteLength };
    this.#gpu.queue.writeBuffer(this.#buffer, binding.offset, block);
    this.#used += bytes;
    return binding;
  }
}
