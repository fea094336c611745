import type { GpuDevice } from './gpuTypes.ts';

/** References that keep no device in memory that nobody else holds. */
const alive = new Set<WeakRef<GpuDevice>>();

const destroyAll = () => {
  for (const reference of alive) reference.deref()?.destroy();
};

/**
 * Destroys a device when the process ends: where an error that nobody caught ends it while the device is at work, Dawn
 * and a software driver are taken down in an order in which they crash now and then.
 * @returns ends that
 */
export function destroyAtExit(gpu: GpuDevice): () => void {
  const reference = new WeakRef(gpu);
  if (alive.size === 0) process.on('exit', destroyAll);
  alive.add(reference);
  return () => {
    alive.delete(reference);
    if (alive.size === 0) process.off('exit', destroyAll);
  };
}
