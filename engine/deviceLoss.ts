import type { GpuDevice } from './gpuTypes.ts';

/** What failed on a device: in a sentence's end, and whether the device is gone, so that another one may do better. */
export interface DeviceTrouble {
  problem: string;
  isGone: boolean;
}

/**
 * Tells of a loss and of errors that no error scope caught. Lack of memory that shows outside of an allocation counts
 * as a loss: what was to be computed is missing, and nobody knows what else.
 * @returns stops it
 */
export function watchDevice(gpu: GpuDevice, tell: (trouble: DeviceTrouble) => void): () => void {
  let isWatched = true;
  const onError = (event: Event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    tell({ problem: error.message, isGone: error instanceof GPUOutOfMemoryError });
  };
  gpu.addEventListener('uncapturederror', onError);
  void gpu.lost.then(({ reason, message }) => {
    if (isWatched) tell({ problem: `the device was lost (${reason}): ${message}`, isGone: true });
  });
  return () => {
    isWatched = false;
    // Dawn keeps its listeners alive, and through this one the device: it would never be collected.
    gpu.removeEventListener('uncapturederror', onError);
  };
}
