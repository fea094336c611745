import { ShapeError } from './errors.ts';

/** What a scope needs of a tensor. */
interface Disposable {
  dispose(): void;
}

/**
 * Who disposes tensors: each belongs to the innermost scope that it was made in, and ends with it. Bodies are
 * synchronous, so the scopes that are open are a stack.
 */
export class Scopes<Tensor extends Disposable> {
  readonly #open: Tensor[][] = [];
  readonly #tensorsIn: (result: unknown) => readonly Tensor[];

  /** @param tensorsIn finds the tensors in what a body returns */
  constructor(tensorsIn: (result: unknown) => readonly Tensor[]) {
    this.#tensorsIn = tensorsIn;
  }

  /**
   * Runs `body` and disposes what was made in it, except the tensors that it returns, which pass to the enclosing
   * scope.
   * @throws ShapeError for an async body
   */
  run<Result>(body: () => Result): Result {
    const owned: Tensor[] = [];
    this.#open.push(owned);
    let kept = new Set<Tensor>();
    try {
      const result = body();
      if (result instanceof Promise)
        throw new ShapeError('scope: the body must be synchronous; read values outside of it');
      kept = new Set(this.#tensorsIn(result));
      return result;
    } finally {
      this.#open.pop();
      const parent = this.#open.at(-1);
      for (const tensor of owned) {
        if (!kept.has(tensor)) tensor.dispose();
        else parent?.push(tensor);
      }
    }
  }

  /** Runs `body` so that tensors made in it belong to no scope. */
  suspend<Result>(body: () => Result): Result {
    const open = this.#open.splice(0);
    try {
      return body();
    } finally {
      this.#open.push(...open);
    }
  }

  /** `suspend` that also returns the tensors made; when `body` throws, they are disposed here. */
  collect<Result>(body: () => Result): { result: Result; tensors: Tensor[] } {
    const tensors: Tensor[] = [];
    const open = this.#open.splice(0, Infinity, tensors);
    try {
      return { result: body(), tensors };
    } catch (error) {
      for (const tensor of tensors) tensor.dispose();
      throw error;
    } finally {
      this.#open.splice(0, Infinity, ...open);
    }
  }

  /** Registers a new tensor with the current scope, where there is one. */
  adopt(tensor: Tensor): Tensor {
    this.#open.at(-1)?.push(tensor);
    return tensor;
  }
}
