import { CheckpointError, type CheckpointFile } from './checkpointFile.ts';

/** Of a file, what a sentence about it says. */
export type FaultyFile = Pick<CheckpointFile, 'path' | 'selection'>;

/**
 * The error of what is presented of a file: a sentence that names the file and, where only a part was taken, the part.
 * @param problem the rest of the sentence, for example ` has no tensor visual.proj` or `: tensor visual.proj is ...`
 */
export function checkpointFault({ path, selection }: FaultyFile, problem: string): CheckpointError {
  const { prefix = '', leftOut = [], others = [] } = selection ?? {};
  const place = prefix === '' || leftOut.length + others.length === 0 ? '' : ` (what is under "${prefix}")`;
  return new CheckpointError(`checkpoint ${path}${place}${problem}`, path);
}
