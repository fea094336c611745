import { DeviceError } from './errors.ts';
import type { BufferDescriptor, GpuBuffer, GpuDevice } from './gpuTypes.ts';

/** What is asked of the device that owns the buffers. */
export interface AllocatingDevice {
  readonly gpu: GpuDevice;
  readonly name: string;
  fail(failure: string): void;
}

/**
 * Creates buffers and finds out which of them there was no memory for. WebGPU tells it a moment later, and meanwhile
 * gives a buffer that nothing can be done with. The recorder leaves out what would use one, and whoever reads is told;
 * the device goes on. Source: WebGPU, `createBuffer` and error scopes.
 */
export class Allocations {
  readonly #device: AllocatingDevice;
  readonly #checks = new Map<GPUBuffer, Promise<void>>();
  readonly #refused = new WeakSet<GPUBuffer>();
  #refusedBytes: number | undefined;

  constructor(device: AllocatingDevice) {
    this.#device = device;
  }

  /** A buffer, of which `settle` finds out whether there is memory for it. */
  create(descriptor: BufferDescriptor): GpuBuffer {
    const { gpu } = this.#device;
    gpu.pushErrorScope('out-of-memory');
    const buffer = this.#createScoped(descriptor);
    const check = gpu.popErrorScope().then(
      (error) => {
        this.#checks.delete(buffer);
        if (error === null) return;
        this.#refused.add(buffer);
        this.#refusedBytes = descriptor.size;
      },
      // A device that is lost says so elsewhere.
      () => void this.#checks.delete(buffer),
    );
    this.#checks.set(buffer, check);
    return buffer;
  }

  /** A buffer to copy from that holds these bytes. @throws DeviceError (`RFCLIP-OUT-OF-MEMORY`) */
  filled(bytes: Uint8Array): GpuBuffer {
    const buffer = this.create({ size: bytes.byteLength, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).set(bytes);
    buffer.unmap();
    return buffer;
  }

  /** Writes to a buffer of `create`, unless there was no memory for it. */
  write(buffer: GpuBuffer, bytes: Uint8Array<ArrayBuffer>): void {
    const { gpu } = this.#device;
    const check = this.#checks.get(buffer);
    if (check === undefined) {
      if (!this.#refused.has(buffer)) gpu.queue.writeBuffer(buffer, 0, bytes);
      return;
    }
    gpu.pushErrorScope('validation');
    gpu.queue.writeBuffer(buffer, 0, bytes);
    const judge = async (error: GPUError | null) => {
      await check;
      if (error !== null && !this.#refused.has(buffer)) this.#device.fail(error.message);
    };
    gpu.popErrorScope().then(judge, () => {});
  }

  /** Resolves once it is known of all buffers whether there is memory for them; undefined where it is. */
  settle(): Promise<unknown> | undefined {
    return this.#checks.size === 0 ? undefined : Promise.all(this.#checks.values());
  }

  /** Whether it turned out that there was no memory for a buffer. */
  isRefused(buffer: GpuBuffer): boolean {
    return this.#refused.has(buffer);
  }

  /** Those of some commands that use no buffer for which there was no memory. */
  possible<Command>(
    commands: readonly Command[],
    buffersOf: (command: Command) => readonly GpuBuffer[],
  ): readonly Command[] {
    if (this.#refusedBytes === undefined) return commands;
    return commands.filter((command) => !buffersOf(command).some((buffer) => this.#refused.has(buffer)));
  }

  /** What to tell whoever needs a buffer that there was no memory for. */
  refusal(bytes = this.#refusedBytes ?? 0, cause?: unknown): DeviceError {
    const message = `${this.#device.name} has no memory left for a buffer of ${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return new DeviceError(message, {
      code: 'RFCLIP-OUT-OF-MEMORY',
      fix: 'use a smaller image or smaller windows, or end what else uses the GPU',
      cause,
    });
  }

  #createScoped(descriptor: GPUBufferDescriptor): GPUBuffer {
    try {
      return this.#device.gpu.createBuffer(descriptor);
    } catch (cause) {
      void this.#device.gpu.popErrorScope().catch(() => {});
      // A buffer that is mapped from the start tells at once.
      throw cause instanceof RangeError ? this.refusal(descriptor.size, cause) : cause;
    }
  }
}
