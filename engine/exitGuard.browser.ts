import type { GpuDevice } from './gpuTypes.ts';

/** Nothing: a browser takes a page's devices down by itself. */
export function destroyAtExit(_gpu: GpuDevice): () => void {
  return () => {};
}
