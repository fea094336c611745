/** A generation ends with this many tensors or bytes. */
const MOST_TENSORS = 256;
const MOST_BYTES = 32 * 1024 * 1024;

/** What the cache needs of a tensor. */
interface Constant {
  readonly byteLength: number;
  dispose(): void;
}

/**
 * Tensors that depend on nothing but their key: index lists, corners of windows, tables. What every image needs again
 * is made once. Two generations stand for the order of use, as in `BindGroups`; a tensor outlives its
 * next use by at least one of them.
 */
export class Constants<Tensor extends Constant> {
  #young = new Map<string, Tensor>();
  #old = new Map<string, Tensor>();
  #bytes = 0;

  /** The tensor of this key; made by `make` where there is none, in no scope. */
  get(key: string, make: () => Tensor): Tensor {
    let tensor = this.#young.get(key);
    if (tensor !== undefined) return tensor;
    tensor = this.#old.get(key) ?? make();
    this.#old.delete(key);
    if (this.#young.size >= MOST_TENSORS || this.#bytes + tensor.byteLength > MOST_BYTES) {
      for (const unused of this.#old.values()) unused.dispose();
      this.#old = this.#young;
      this.#young = new Map();
      this.#bytes = 0;
    }
    this.#young.set(key, tensor);
    this.#bytes += tensor.byteLength;
    return tensor;
  }
}
