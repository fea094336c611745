import type { Device } from '../engine/device.ts';
import { type DeviceError, isTooLarge } from '../engine/errors.ts';
import { batchBytes, halfAsMuch } from './batchSize.ts';

/** An image that is segmented within what memory there is. */
export interface MemoryTask<Result> {
  /** Records and reads. May be called again where memory ran out. */
  work: () => Promise<Result>;
  /** How many windows go through the network at once now, and the bytes of the largest tensor for each. */
  windows: () => { atOnce: number; bytes: number };
  /** Bytes of a band of the output, where tensors may have as many as this. */
  bands: (most: number | undefined) => number;
  /** Told of it, the first time on a device. */
  onNotice?: (notice: string) => void;
}

const ALL = new WeakMap<Device, WorkingMemory>();

/**
 * What was learnt about the memory of a device. Where it runs out, an image waits until no other is in work, then it is
 * tried again, and with half as much at once until it fits or nothing can be made smaller. What fitted stays for all
 * images to come. How much goes at once changes results by rounding at most.
 */
export class WorkingMemory {
  /** Most bytes that the largest tensors may have, since memory ran out. */
  bytes: number | undefined;
  #oneAtATime = false;
  #wasTold = false;
  readonly #running = new Set<Promise<unknown>>();
  #line: Promise<unknown> = Promise.resolve();

  /** That of a device. */
  static of(device: Device): WorkingMemory {
    let memory = ALL.get(device);
    if (memory === undefined) ALL.set(device, (memory = new WorkingMemory()));
    return memory;
  }

  /**
   * What was learnt of a device holds for the one that takes its place, too.
   * @param ranOut it went because memory ran out: half as much goes at once on the other
   */
  static carryOver(from: Device, to: Device, ranOut = false): void {
    const [before, after] = [WorkingMemory.of(from), WorkingMemory.of(to)];
    after.bytes = ranOut ? batchBytes(from, undefined, before.bytes) / 2 : before.bytes;
    after.#oneAtATime = ranOut || before.#oneAtATime;
    after.#wasTold = before.#wasTold;
  }

  /**
   * Runs a task, beside others until memory ran out once.
   * @throws what its work throws; DeviceError where even the least does not fit
   */
  async run<Result>(device: Device, task: MemoryTask<Result>): Promise<Result> {
    if (this.#oneAtATime) return this.#alone(() => this.#untilItFits(device, task));
    const running = task.work();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const others = this.#running.size > 1;
      this.#running.delete(running);
      if (!others && this.#less(task, error) === undefined) throw error;
      this.#oneAtATime = true;
      return await this.#alone(() => this.#untilItFits(device, task, { error, others }));
    } finally {
      this.#running.delete(running);
    }
  }

  /** Runs something when all that began before has ended. */
  #alone<Result>(body: () => Promise<Result>): Promise<Result> {
    const turn = Promise.allSettled([this.#line, ...this.#running]).then(body);
    this.#line = turn.catch(() => {});
    return turn;
  }

  async #untilItFits<Result>(
    device: Device,
    task: MemoryTask<Result>,
    failed?: { error: unknown; others: boolean },
  ): Promise<Result> {
    const before = this.bytes;
    let { error, others } = failed ?? { error: undefined, others: true };
    for (;;) {
      // The others, which have ended, may have been what was too much.
      if (!others) {
        const next = this.#less(task, error);
        if (next === undefined) {
          this.bytes = before;
          // An image that is too large for the device says nothing about others.
          this.#oneAtATime = before !== undefined;
          throw error;
        }
        this.bytes = next;
      }
      others = false;
      if (error !== undefined) await giveBack(device);
      try {
        const result = await task.work();
        if (error !== undefined) this.#tell(device, task);
        return result;
      } catch (cause) {
        if (!isTooLarge(cause)) throw cause;
        error = cause;
      }
    }
  }

  /** Bytes of the largest tensors to try next, less than now; undefined where nothing can be made smaller. */
  #less<Result>({ windows, bands }: MemoryTask<Result>, error: unknown): number | undefined {
    const { atOnce, bytes } = windows();
    // Bands never exceed the limits, so that only memory asks for smaller ones.
    const isMemory = (error as DeviceError).code === 'RFCLIP-OUT-OF-MEMORY';
    const next = halfAsMuch({ windows: atOnce, bytes: atOnce * bytes }, isMemory ? bands(this.bytes) : 0);
    return next === undefined || next >= (this.bytes ?? Infinity) ? undefined : next;
  }

  #tell<Result>({ name }: Device, { windows, onNotice }: MemoryTask<Result>): void {
    if (this.#wasTold) return;
    this.#wasTold = true;
    const { atOnce } = windows();
    const most = atOnce === 1 ? 'one window' : `${atOnce} windows`;
    onNotice?.(`${name} ran out of memory: from now on it has one image at a time, and at most ${most} of it`);
  }
}

/** Gives the driver all buffers back that nobody uses. */
export async function giveBack(device: Device): Promise<void> {
  await device.recorder.flush().catch(() => {});
  if (device.recorder.isIdle) device.pool.trim(0);
}
