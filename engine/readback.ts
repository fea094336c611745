import type { Allocations } from './allocations.ts';
import { type DType, fromBytes, type HostArray } from './dtype.ts';
import type { GpuBuffer } from './gpuTypes.ts';
import { bucketSize } from './memory.ts';
import type { Recorder } from './recorder.ts';

/** Buffers beyond this are destroyed instead of kept. */
const KEEP_BYTES = 64 * 1024 * 1024;

/** What is read of a tensor. */
export interface Readable {
  readonly dtype: DType;
  readonly size: number;
  readonly byteLength: number;
  readonly byteOffset: number;
  readonly storage: { readonly buffer: GpuBuffer };
}

/** What may hold flags that the device sets while it works. */
export interface FlagKeeper {
  readonly flags: Readable | undefined;
  /** @throws where a flag is set */
  check(flags: Uint32Array): void;
}

/** What the reader needs of the device that owns it. */
export interface ReadbackDevice {
  readonly allocations: Allocations;
  readonly recorder: Recorder;
  waitFor<Result>(promise: Promise<Result>): Promise<Result>;
  assertUsable(): void;
}

/** Downloads tensors through buffers that are kept for the next results of their size. */
export class Readback {
  readonly #device: ReadbackDevice;
  readonly #free = new Map<number, GPUBuffer[]>();
  #freeBytes = 0;

  constructor(device: ReadbackDevice) {
    this.#device = device;
  }

  /**
   * Submits what was recorded and downloads the tensors with one wait.
   * @param flagged has flags that are read along with them, and looked through first
   * @throws DeviceError when the device failed; as `flagged.check`
   */
  async read(tensors: readonly Readable[], flagged?: FlagKeeper): Promise<HostArray[]> {
    const flags = flagged?.flags;
    if (flags === undefined) return this.#readAll(tensors);
    const values = await this.#readAll([...tensors, flags]);
    flagged!.check(values.pop() as Uint32Array);
    return values;
  }

  async #readAll(tensors: readonly Readable[]): Promise<HostArray[]> {
    const { recorder } = this.#device;
    const reads = tensors.map((tensor) => {
      const bytes = Math.max(4, tensor.byteLength);
      const staging = this.#acquire(bytes);
      recorder.copy(tensor.storage.buffer, tensor.byteOffset, staging, 0, tensor.byteLength);
      return { tensor, staging, bytes };
    });
    try {
      await recorder.flush();
      await this.#device.waitFor(
        Promise.all(reads.map(({ staging, bytes }) => staging.mapAsync(GPUMapMode.READ, 0, bytes))),
      );
      this.#device.assertUsable();
      return reads.map(({ tensor: { dtype, size }, staging, bytes }) =>
        fromBytes(staging.getMappedRange(0, bytes).slice(0), dtype, size),
      );
    } finally {
      for (const { staging } of reads) this.#release(staging);
    }
  }

  #acquire(bytes: number): GPUBuffer {
    const size = bucketSize(bytes);
    const kept = this.#free.get(size)?.pop();
    if (kept !== undefined) {
      this.#freeBytes -= size;
      return kept;
    }
    return this.#device.allocations.create({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  }

  #release(buffer: GPUBuffer): void {
    if (this.#device.allocations.isRefused(buffer)) return;
    // While a buffer is being mapped it serves nobody; that is so only where the device failed.
    if (buffer.mapState === 'pending' || this.#freeBytes + buffer.size > KEEP_BYTES) {
      buffer.destroy();
      return;
    }
    buffer.unmap();
    this.#freeBytes += buffer.size;
    const list = this.#free.get(buffer.size);
    if (list === undefined) this.#free.set(buffer.size, [buffer]);
    else list.push(buffer);
  }
}
