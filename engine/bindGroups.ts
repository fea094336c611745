import type { BufferBinding, GpuBindGroup, GpuComputePipeline, GpuDevice } from './gpuTypes.ts';

/** Bind groups per generation: several programs of some hundred launches each. */
const GENERATION = 4096;

/**
 * Bind groups by what they bind. Dawn takes 12 µs to make one and 3 to launch with one that is there. A program that
 * runs again gets the same buffers from the pool, so that from the second image on all its groups are found here. Two
 * generations stand for the order of use: what the last 4,096 new groups left unused goes.
 */
export class BindGroups {
  readonly #gpu: GPUDevice;
  readonly #numbers = new WeakMap<object, number>();
  readonly #layouts = new WeakMap<GPUComputePipeline, GPUBindGroupLayout>();
  #young = new Map<string, GPUBindGroup>();
  #old = new Map<string, GPUBindGroup>();
  #objects = 0;
  #created = 0;

  constructor(gpu: GpuDevice) {
    this.#gpu = gpu;
  }

  /** Groups made since the device was opened. */
  get created(): number {
    return this.#created;
  }

  /** The group that binds `first` at 0 (nothing, where a kernel has no parameters) and `others` at 1, 2, ... */
  get(pipeline: GpuComputePipeline, first: BufferBinding | undefined, others: readonly BufferBinding[]): GpuBindGroup {
    let key = `${this.#number(pipeline)}`;
    if (first !== undefined) key += this.#keyOf(first);
    for (const binding of others) key += this.#keyOf(binding);
    let group = this.#young.get(key);
    if (group !== undefined) return group;
    group = this.#old.get(key) ?? this.#create(pipeline, first, others);
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, group);
    return group;
  }

  #create(
    pipeline: GPUComputePipeline,
    first: BufferBinding | undefined,
    others: readonly BufferBinding[],
  ): GPUBindGroup {
    let layout = this.#layouts.get(pipeline);
    if (layout === undefined) this.#layouts.set(pipeline, (layout = pipeline.getBindGroupLayout(0)));
    const entries: GPUBindGroupEntry[] = others.map((resource, i) => ({ binding: i + 1, resource }));
    if (first !== undefined) entries.push({ binding: 0, resource: first });
    this.#created++;
    return this.#gpu.createBindGroup({ layout, entries });
  }

  #keyOf({ buffer, offset, size }: BufferBinding): string {
    return `,${this.#number(buffer)}+${offset}:${size}`;
  }

  #number(object: object): number {
    let number = this.#numbers.get(object);
    if (number === undefined) this.#numbers.set(object, (number = ++this.#objects));
    return number;
  }
}
