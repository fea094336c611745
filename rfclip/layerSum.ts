import { add, scale } from '../engine/ops/blend.ts';
import type { Tensor } from '../engine/tensor.ts';

/**
 * Sum of one tensor per layer, kept beyond the scope of each layer. Its owner must `dispose` it.
 */
export class LayerSum {
  #sum: Tensor | undefined;
  #count = 0;

  /** Number of tensors added. */
  get count(): number {
    return this.#count;
  }

  /** The sum so far. @throws Error when nothing was added. */
  get sum(): Tensor {
    if (this.#sum === undefined) throw new Error('LayerSum: nothing was added');
    return this.#sum;
  }

  /** Adds a tensor of the same shape as those before. */
  add(tensor: Tensor): void {
    // The first is not copied: a view keeps its buffer.
    this.join((previous) => (previous === undefined ? tensor : add(previous, tensor)));
  }

  /** Lets `next` make the next sum of the one before, which is undefined at first, together with other work. */
  join(next: (previous: Tensor | undefined) => Tensor): void {
    const previous = this.#sum;
    const sum = next(previous);
    this.#sum = sum.device.withoutScope(() => sum.reshape(sum.shape));
    previous?.dispose();
    this.#count++;
  }

  /** The mean, in the caller's scope. */
  mean(): Tensor {
    return scale(this.sum, 1 / this.#count);
  }

  dispose(): void {
    this.#sum?.dispose();
    this.#sum = undefined;
  }
}
