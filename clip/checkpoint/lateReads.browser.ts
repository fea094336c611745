import type { Device } from '../../engine/device.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { weightType } from '../weightType.ts';
import type { CheckpointFile } from './checkpointFile.ts';
import { readWeights } from './finiteWeights.ts';
import { BytesToCome } from './randomAccessFile.browser.ts';

/** Tensors on their way into a tower, by the file they are of. */
const uploads = new WeakMap<CheckpointFile, Map<string, Tensor>>();

/**
 * Runs work that reads checkpoints, again and again until all bytes that it asks for are there. It should do nothing
 * before it reads. @throws what it throws
 */
export async function whenRead<Result>(work: () => Result): Promise<Result> {
  const fetched = new Set<BytesToCome['file']>();
  try {
    for (;;) {
      try {
        return work();
      } catch (error) {
        if (!(error instanceof BytesToCome)) throw error;
        fetched.add(error.file);
        await error.fetch();
      }
    }
  } finally {
    for (const file of fetched) file.settle();
  }
}

/** A tensor that was uploaded ahead; it is the taker's from now on, as one that was made at this moment. */
export function takeUploaded(file: CheckpointFile, name: string, type: string): Tensor | undefined {
  const tensor = uploads.get(file)?.get(name);
  if (tensor?.dtype !== type) return undefined;
  uploads.get(file)!.delete(name);
  return tensor.device.adopt(tensor);
}

/**
 * Runs work that loads a tower, after its tensors were read and uploaded one by one: never are two in memory.
 * @param names of the tensors that it reads
 * @throws CheckpointError for one that cannot be read; what the work throws
 */
export async function withUploads<Result>(
  device: Device,
  file: CheckpointFile,
  names: RegExp,
  load: () => Result,
): Promise<Result> {
  const ahead = new Map<string, Tensor>();
  try {
    for (const { name, shape } of file.tensors.values()) {
      if (!names.test(name)) continue;
      const values = await whenRead(() => readWeights(file, name));
      const type = isFactor(name, shape) ? weightType(device, shape) : 'f32';
      ahead.set(
        name,
        device.withoutScope(() => device.tensor(values, shape, type)),
      );
    }
    uploads.set(file, ahead);
    return load();
  } finally {
    uploads.delete(file);
    for (const tensor of ahead.values()) tensor.dispose();
  }
}

/** Whether towers only multiply with it: matrices, but for what is added or put before the patches. */
function isFactor(name: string, shape: readonly number[]): boolean {
  return shape.length > 1 && !/positional_embedding$|^pos_embed$|^cls_token$/.test(name);
}
