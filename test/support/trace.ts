import type { HostArray, Tensor } from '../../engine/index.ts';
import type { Trace } from '../../rfclip/methods/index.ts';

/** Collects what a method passes to its trace: copies that outlive the method's scopes until they are read. */
export class TraceCollector {
  readonly #tensors = new Map<string, Tensor>();

  /** To be given to `encode`. */
  readonly trace: Trace = (name, tensor) => {
    this.#tensors.set(
      name,
      tensor.device.withoutScope(() => tensor.clone()),
    );
  };

  /** Downloads everything and frees it: name -> values and shape. */
  async read(): Promise<Map<string, { shape: readonly number[]; data: HostArray }>> {
    const tensors = [...this.#tensors.values()];
    try {
      const values = tensors.length === 0 ? [] : await tensors[0].device.readAll(tensors);
      return new Map([...this.#tensors.keys()].map((name, i) => [name, { shape: tensors[i].shape, data: values[i] }]));
    } finally {
      for (const tensor of tensors) tensor.dispose();
      this.#tensors.clear();
    }
  }
}
