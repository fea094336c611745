import type { Tensor } from '../engine/tensor.ts';

/** Called with intermediate tensors by name; for tests and for those who want to look inside. */
export type Trace = (name: string, tensor: Tensor) => void;

/** The trace of a part of a method, for example of a layer: every name becomes `part/name`. */
export function traceOf(trace: Trace | undefined, part: string): Trace | undefined {
  return trace === undefined ? undefined : (name, tensor) => trace(`${part}/${name}`, tensor);
}
