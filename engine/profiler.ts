import type { GpuCommandEncoder, GpuDevice, TimestampWrites } from './gpuTypes.ts';

/** Times of one kernel variant, summed over its calls. */
export interface KernelTime {
  kernel: string;
  calls: number;
  milliseconds: number;
  flops: number;
  bytes: number;
}

const MAX_QUERIES = 4096;

/**
 * Times every dispatch with timestamp queries, without the ops knowing. While it is on, each dispatch is a compute pass
 * of its own, so wall time is a little higher than without.
 */
export class Profiler {
  readonly #querySet: GPUQuerySet;
  readonly #resolveBuffer: GPUBuffer;
  readonly #readBuffer: GPUBuffer;
  readonly #times = new Map<string, KernelTime>();
  #pending: { label: string; flops: number; bytes: number }[] = [];
  #untimed = 0;
  /** The largest number of nanoseconds of which every time stamp is a multiple; 0 before the first. */
  #step = 0n;

  /** The device must have the feature `timestamp-query`. */
  constructor(gpu: GpuDevice) {
    this.#querySet = gpu.createQuerySet({ type: 'timestamp', count: MAX_QUERIES });
    this.#resolveBuffer = gpu.createBuffer({
      size: MAX_QUERIES * 8,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    this.#readBuffer = gpu.createBuffer({
      size: MAX_QUERIES * 8,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
  }

  /** The timestamp writes of the next dispatch, or undefined when this submit has used up the query set. */
  begin(label: string, flops: number, bytes: number): TimestampWrites | undefined {
    const index = this.#pending.length * 2;
    if (index + 2 > MAX_QUERIES) {
      this.#untimed++;
      return undefined;
    }
    this.#pending.push({ label, flops, bytes });
    return { querySet: this.#querySet, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 };
  }

  /** Appends the copy of the timestamps to the encoder of the submit. */
  resolve(encoder: GpuCommandEncoder): void {
    const count = this.#pending.length * 2;
    if (count === 0) return;
    encoder.resolveQuerySet(this.#querySet, 0, count, this.#resolveBuffer, 0);
    encoder.copyBufferToBuffer(this.#resolveBuffer, 0, this.#readBuffer, 0, count * 8);
  }

  /** Waits for the submit and adds its times. */
  async collect(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    if (pending.length === 0) return;
    await this.#readBuffer.mapAsync(GPUMapMode.READ, 0, pending.length * 16);
    const ticks = new BigUint64Array(this.#readBuffer.getMappedRange(0, pending.length * 16).slice(0));
    this.#readBuffer.unmap();
    for (const tick of ticks) if (this.#step !== 1n) this.#step = commonDivisor(this.#step, tick);
    pending.forEach(({ label, flops, bytes }, i) => {
      const time = this.#times.get(label) ?? { kernel: label, calls: 0, milliseconds: 0, flops: 0, bytes: 0 };
      time.calls++;
      // Some drivers set their clock back.
      time.milliseconds += Math.max(0, Number(ticks[2 * i + 1] - ticks[2 * i])) / 1e6;
      time.flops += flops;
      time.bytes += bytes;
      this.#times.set(label, time);
    });
  }

  /** Sums since the last `reset`, slowest kernel first. */
  get times(): KernelTime[] {
    return [...this.#times.values()].sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** To how many milliseconds time stamps are rounded; undefined below a microsecond. */
  get stepMilliseconds(): number | undefined {
    return this.#step < 1000n ? undefined : Number(this.#step) / 1e6;
  }

  /** Dispatches that found the query set full and were not timed. */
  get untimed(): number {
    return this.#untimed;
  }

  /** Forgets all times. */
  reset(): void {
    this.#times.clear();
    this.#untimed = 0;
  }

  /** Frees the query set. */
  destroy(): void {
    this.#querySet.destroy();
    this.#resolveBuffer.destroy();
    this.#readBuffer.destroy();
  }
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}

/** Columns of a name, which with the numbers make 100. */
const MOST_NAME = 55;

/** A name with its constants in lines that are short enough, broken after commas where there are some. */
function brokenName(name: string): string[] {
  if (name.length <= MOST_NAME) return [name];
  const comma = name.lastIndexOf(',', MOST_NAME - 1);
  const end = comma > 2 ? comma + 1 : MOST_NAME;
  return [name.slice(0, end), ...brokenName(`  ${name.slice(end).trimStart()}`)];
}

/** The table of a profile, of at most 100 columns: calls, time, share, GFLOP/s and GB/s per kernel. */
export function formatKernelTimes(times: readonly KernelTime[], untimed = 0): string {
  const total = times.reduce((sum, time) => sum + time.milliseconds, 0);
  const width = Math.min(MOST_NAME, Math.max(6, ...times.map((time) => time.kernel.length)));
  const lines = [`${'kernel'.padEnd(width)}  calls        ms      %   GFLOP/s      GB/s`];
  for (const { kernel, calls, milliseconds, flops, bytes } of times) {
    const rate = (amount: number) => (milliseconds > 0 ? (amount / milliseconds / 1e6).toFixed(2) : '-');
    const share = total > 0 ? ((100 * milliseconds) / total).toFixed(1) : '-';
    const [name, ...rest] = brokenName(kernel);
    lines.push(
      `${name.padEnd(width)} ${String(calls).padStart(6)} ${milliseconds.toFixed(3).padStart(9)} ` +
        `${share.padStart(6)} ${rate(flops).padStart(9)} ${rate(bytes).padStart(9)}`,
      ...rest,
    );
  }
  lines.push(
    `${'all'.padEnd(width)} ${String(times.reduce((sum, time) => sum + time.calls, 0)).padStart(6)} ` +
      `${total.toFixed(3).padStart(9)}`,
  );
  if (untimed > 0)
    lines.push(`${untimed} dispatches were not timed: the query set holds ${MAX_QUERIES / 2} per submit`);
  return lines.join('\n');
}
