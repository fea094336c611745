// Files answer at once; there is a second version for where they answer later.
import type { Device } from '../../engine/device.ts';
import type { CheckpointFile } from './checkpointFile.ts';

/** Runs work that reads checkpoints, whose bytes may have to be waited for. @throws what it throws */
export async function whenRead<Result>(work: () => Result): Promise<Result> {
  return work();
}

/** A tensor that was uploaded ahead; none was. */
export function takeUploaded(_file: CheckpointFile, _name: string, _type: string): undefined {}

/**
 * Runs work that loads a tower.
 * @param names of the tensors that it reads
 * @throws what it throws
 */
export async function withUploads<Result>(
  _device: Device,
  _file: CheckpointFile,
  _names: RegExp,
  load: () => Result,
): Promise<Result> {
  return load();
}
