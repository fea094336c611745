import type { Device } from '../engine/device.ts';
import { DeviceError } from '../engine/errors.ts';
import type { NetworkSource, Renewable } from './networkSource.ts';
import { WorkingMemory } from './workingMemory.ts';

/** The device that a model is on, and how it gets another one in place of one that was lost. */
export class ModelDevice implements Renewable {
  #current: Device;
  readonly #given: Device;
  readonly #reopen: (() => Promise<Device>) | undefined;
  readonly #move: (fresh: Device) => Promise<void>;
  #renewal: Promise<void> | undefined;
  #isClosed = false;

  /**
   * `given` is its owner's to destroy; those that `reopen` opens are destroyed here. `move` brings the model to a new
   * one, which is the current one only afterwards.
   */
  constructor(given: Device, reopen: (() => Promise<Device>) | undefined, move: (fresh: Device) => Promise<void>) {
    this.#current = given;
    this.#given = given;
    this.#reopen = reopen;
    this.#move = move;
  }

  /** That the model is on now. */
  get device(): Device {
    return this.#current;
  }

  /** Itself, where another device can be had. */
  get renewable(): Renewable | undefined {
    return this.#reopen === undefined ? undefined : this;
  }

  /** That of a pipeline whose network `load` gets; undefined where no other device can be had. */
  sourceOf(load: NetworkSource['load']): NetworkSource | undefined {
    if (this.#reopen === undefined) return undefined;
    const device = () => this.#current;
    return {
      get device() {
        return device();
      },
      renew: (lost) => this.renew(lost),
      load,
    };
  }

  /**
   * Opens another device, unless that was done already for the same loss.
   * @throws DeviceError where none opens, or one that would compute otherwise
   */
  renew(lost: Device): Promise<void> {
    if (this.#renewal === undefined && this.#current !== lost) return Promise.resolve();
    this.#renewal ??= this.#replace(lost).finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  /** Destroys what was opened here. */
  close(): void {
    this.#isClosed = true;
    if (this.#current !== this.#given) this.#current.destroy();
  }

  async #replace(lost: Device): Promise<void> {
    const fresh = await this.#open(lost);
    try {
      if (this.#isClosed) throw end(lost, 'the model was closed meanwhile');
      const [before, now] = [lost, fresh].map(({ name, products }) => `${name}, ${products.precision}`);
      if (now !== before) throw end(lost, `it was ${before}, and what opens now is ${now}`);
      await this.#move(fresh);
      WorkingMemory.carryOver(lost, fresh, /memory/i.test(failureOf(lost)));
    } catch (error) {
      fresh.destroy();
      throw error;
    }
    this.#current = fresh;
    if (lost !== this.#given) lost.destroy();
  }

  async #open(lost: Device): Promise<Device> {
    try {
      return await this.#reopen!();
    } catch (cause) {
      throw end(lost, `no other opens: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }
}

/** Why a device cannot be used any more. */
function failureOf(device: Device): string {
  try {
    device.assertUsable();
    return '';
  } catch (error) {
    return (error as DeviceError).message;
  }
}

function end({ name }: Device, why: string, cause?: unknown): DeviceError {
  return new DeviceError(`${name} failed: the device was lost; ${why}`, { code: 'RFCLIP-DEVICE-LOST', cause });
}
