import type { CheckpointFile } from './checkpoint/checkpointFile.ts';
import { checkpointFault } from './checkpoint/checkpointFault.ts';
import { readWeights } from './checkpoint/finiteWeights.ts';

/**
 * What CLIP multiplies cosines by before a softmax over texts: the exponential of the learned `logit_scale`.
 * @throws CheckpointError when the file has none, or one whose exponential is no number
 */
export function readLogitScale(file: CheckpointFile): number {
  const [logarithm] = readWeights(file, 'logit_scale');
  const scale = Math.exp(logarithm);
  if (Number.isFinite(scale)) return scale;
  throw checkpointFault(file, `: logit_scale is ${logarithm}, whose exponential is too large for a number`);
}
