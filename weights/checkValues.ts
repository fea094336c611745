import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { tensorChunks } from './tensorChunks.ts';

/** What reading every value of a checkpoint showed. */
export interface ValueCheck {
  tensors: number;
  values: number;
  /** Tensors with infinities or NaN, with how many. */
  notFinite: { name: string; count: number }[];
}

/**
 * Reads every value of a checkpoint and counts those that are not finite.
 * @throws CheckpointError when the file ends before.
 */
export function checkValues(file: CheckpointFile, onTensor?: (name: string) => void): ValueCheck {
  const check: ValueCheck = { tensors: 0, values: 0, notFinite: [] };
  for (const name of file.tensors.keys()) {
    let count = 0;
    for (const values of tensorChunks(file, name)) {
      check.values += values.length;
      for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) count++;
    }
    if (count > 0) check.notFinite.push({ name, count });
    check.tensors++;
    onTensor?.(name);
  }
  return check;
}
