import type { KernelConstants } from './pipeline.ts';

const shared = new Map<string, KernelConstants>();

/**
 * The constants that `make` gives for this key, made once and frozen. Launches that take the same object find their
 * pipeline by it (`PipelineCache`); making and naming the dozen constants of a matmul anew takes 5 µs.
 */
export function sharedConstants(key: string, make: () => KernelConstants): KernelConstants {
  let constants = shared.get(key);
  if (constants === undefined) shared.set(key, (constants = Object.freeze(make())));
  return constants;
}
