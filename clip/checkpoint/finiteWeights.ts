import type { CheckpointFile } from './checkpointFile.ts';
import { checkpointFault } from './checkpointFault.ts';

/** The values of a tensor that a network computes with, float32. @throws CheckpointError as `requireFinite` */
export function readWeights(file: CheckpointFile, name: string): Float32Array {
  return requireFinite(file, name, file.read(name));
}

/**
 * Values of a tensor, if all are finite: of others a network makes label maps that look as if they meant something.
 * @throws CheckpointError naming the tensor and the first value that is not
 */
export function requireFinite(file: CheckpointFile, name: string, values: Float32Array): Float32Array {
  // Stays 0 unless there is NaN or an infinity; one pass without a branch is lost in the time that loading takes.
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    sum += value - value;
  }
  if (sum === 0) return values;
  const value = values.find((one) => !Number.isFinite(one));
  throw checkpointFault(file, `: tensor ${name} holds ${value}, expected finite numbers`);
}
