import type { Allocations } from './allocations.ts';
import { DeviceError } from './errors.ts';
import type { GpuBuffer } from './gpuTypes.ts';

/** Buffers kept for reuse beyond this are destroyed, oldest first, when work has been submitted. */
const KEEP_FREE_BYTES = 512 * 1024 * 1024;

/**
 * Size classes: multiples of 256 bytes up to 4 KiB, then four steps per power of two, so that a buffer is at most a
 * quarter larger than asked and images of similar size share buffers.
 */
export function bucketSize(bytes: number): number {
  if (bytes <= 4096) return Math.max(256, Math.ceil(bytes / 256) * 256);
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/** What one binding may span, in bytes. */
interface BindingLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
}

/** Figures of the pool, in bytes and buffers. */
export interface PoolStatistics {
  liveBytes: number;
  liveBuffers: number;
  /** Of what is kept between images (`Device.keep`); not among the live. */
  keptBytes: number;
  /** Largest `liveBytes` since the last `resetPeak`. */
  peakBytes: number;
  freeBytes: number;
  /** Buffers created since the device was opened. */
  created: number;
}

/**
 * Storage buffers by size class. A released buffer may be handed out again before the work that used it has run: the
 * queue executes in recording order, so the next user's commands come after.
 */
export class BufferPool {
  readonly #allocations: Allocations;
  readonly #maxBytes: number;
  readonly #free = new Map<number, GPUBuffer[]>();
  /** Number of each buffer, in the order in which they were created. */
  readonly #ages = new Map<GPUBuffer, number>();
  readonly #kept = new Set<GPUBuffer>();
  #keptBytes = 0;
  #liveBytes = 0;
  #liveBuffers = 0;
  #peakBytes = 0;
  #freeBytes = 0;
  #created = 0;

  /** `limits` are the device's. */
  constructor(allocations: Allocations, limits: BindingLimits) {
    this.#allocations = allocations;
    this.#maxBytes = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  }

  /**
   * A storage buffer of at least `bytes`. `fresh` is true when no earlier recorded command can refer to it, so that
   * the host may write to it at once. Its content is undefined otherwise.
   * @throws DeviceError when one binding cannot span that many bytes on this adapter.
   */
  acquire(bytes: number, label: string): { buffer: GpuBuffer; fresh: boolean } {
    if (bytes > this.#maxBytes) {
      throw new DeviceError(
        `${label}: a buffer of ${(bytes / 2 ** 20).toFixed(1)} MiB is needed, but this adapter binds at most ` +
          `${(this.#maxBytes / 2 ** 20).toFixed(1)} MiB at once`,
        {
          code: 'RFCLIP-BUFFER-LIMIT',
          fix: 'use a smaller image, smaller windows or an adapter with a larger limit',
          where: label,
        },
      );
    }
    const size = Math.min(bucketSize(bytes), Math.floor(this.#maxBytes / 4) * 4);
    const reused = this.#takeFree(size);
    const buffer = reused ?? this.#create(size);
    this.#liveBytes += size;
    this.#liveBuffers++;
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes);
    return { buffer, fresh: reused === undefined };
  }

  /** A free buffer; those for which there turned out to be no memory go. */
  #takeFree(size: number): GPUBuffer | undefined {
    for (;;) {
      const buffer = this.#free.get(size)?.pop();
      if (buffer === undefined) return undefined;
      this.#freeBytes -= size;
      if (!this.#allocations.isRefused(buffer)) return buffer;
      this.#ages.delete(buffer);
    }
  }

  #create(size: number): GPUBuffer {
    const buffer = this.#allocations.create({
      size,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.#ages.set(buffer, ++this.#created);
    return buffer;
  }

  /** Counts a live buffer among the kept, until it is given back. */
  keep(buffer: GpuBuffer): void {
    if (this.#kept.has(buffer)) return;
    this.#kept.add(buffer);
    this.#liveBytes -= buffer.size;
    this.#liveBuffers--;
    this.#keptBytes += buffer.size;
  }

  /** Gives a buffer back. The caller must not use it in commands recorded later. */
  release(buffer: GpuBuffer): void {
    if (this.#kept.delete(buffer)) this.#keptBytes -= buffer.size;
    else {
      this.#liveBytes -= buffer.size;
      this.#liveBuffers--;
    }
    this.#freeBytes += buffer.size;
    let list = this.#free.get(buffer.size);
    if (list === undefined) this.#free.set(buffer.size, (list = []));
    // The oldest buffer lies last and goes first: so a program that runs again gets the same buffers in the same
    // places, and its bind groups are found again.
    const age = this.#ages.get(buffer)!;
    let [from, to] = [0, list.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#ages.get(list[middle])! < age) to = middle;
      else from = middle + 1;
    }
    list.splice(from, 0, buffer);
  }

  /**
   * Destroys free buffers until at most `keepBytes` are kept, the newest first. Only to be called when nothing recorded
   * is unsubmitted.
   */
  trim(keepBytes = KEEP_FREE_BYTES): void {
    for (const [size, list] of this.#free) {
      while (this.#freeBytes > keepBytes && list.length > 0) {
        const buffer = list.shift()!;
        buffer.destroy();
        this.#ages.delete(buffer);
        this.#freeBytes -= size;
      }
      if (list.length === 0) this.#free.delete(size);
    }
  }

  /** Starts a new measurement of the peak. */
  resetPeak(): void {
    this.#peakBytes = this.#liveBytes;
  }

  get statistics(): PoolStatistics {
    return {
      liveBytes: this.#liveBytes,
      liveBuffers: this.#liveBuffers,
      keptBytes: this.#keptBytes,
      peakBytes: this.#peakBytes,
      freeBytes: this.#freeBytes,
      created: this.#created,
    };
  }
}
