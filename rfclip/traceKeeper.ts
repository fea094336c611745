import type { Device } from '../engine/device.ts';
import { Tensor } from '../engine/tensor.ts';
import type { Trace } from './trace.ts';

/**
 * What to keep of a traced tensor: itself, something computed from it, several such things by name, which become
 * `traced name:name`, or undefined for nothing.
 */
export type TracePick = (name: string, tensor: Tensor) => Tensor | Readonly<Record<string, Tensor>> | undefined;

/** A traced tensor on the host, of all batches one after another: the first axis is that of images or windows. */
export interface TracedValues {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/**
 * Keeps traced tensors beyond the scopes they were made in: what `pick` chooses is copied while the run is recorded,
 * read once it is, and freed. So nobody can read a tensor whose scope has ended.
 */
export class TraceKeeper {
  /** Names of all tensors that were shown, in order. */
  readonly seen = new Set<string>();
  readonly #device: Device;
  readonly #pick: TracePick;
  readonly #kept = new Map<string, Tensor[]>();

  constructor(device: Device, pick: TracePick) {
    this.#device = device;
    this.#pick = pick;
  }

  /** To be given to `DenseEncoder.encode`, once for every batch. */
  readonly trace: Trace = (name, tensor) => {
    this.seen.add(name);
    const device = this.#device;
    const copy = device.withoutScope(() =>
      device.scope(() => {
        const picked = this.#pick(name, tensor);
        return picked === tensor ? tensor.clone() : picked;
      }),
    );
    if (copy === undefined) return;
    if (copy instanceof Tensor) this.#keep(name, copy);
    else for (const [part, one] of Object.entries(copy)) this.#keep(`${name}:${part}`, one);
  };

  /** Runs what was recorded and downloads what was kept, by name. @throws DeviceError when the device failed */
  async read(): Promise<Record<string, TracedValues>> {
    const entries = [...this.#kept];
    const values = await this.#device.readAll(entries.flatMap(([, batches]) => batches));
    let next = 0;
    return Object.fromEntries(
      entries.map(([name, batches]) => {
        const parts = batches.map(() => values[next++] as Float32Array);
        const [first, ...axes] = [batches.reduce((sum, { shape }) => sum + shape[0], 0), ...batches[0].shape.slice(1)];
        return [name, { data: joined(parts), shape: [first, ...axes] }];
      }),
    );
  }

  /** Frees the copies. */
  dispose(): void {
    for (const tensor of [...this.#kept.values()].flat()) tensor.dispose();
    this.#kept.clear();
  }

  #keep(name: string, copy: Tensor): void {
    const batches = this.#kept.get(name);
    if (batches === undefined) this.#kept.set(name, [copy]);
    else batches.push(copy);
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
