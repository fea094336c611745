import { CheckpointError, type CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { inferConfig } from '../clip/config.ts';
import { clipNotes, selectionNotes } from '../clip/modelNotes.ts';

/** What was decided about a checkpoint that is opened for its tensors alone: `clipNotes` of a CLIP, else what of it. */
export function checkpointNotes(file: CheckpointFile): string[] {
  try {
    inferConfig(file);
    return clipNotes(file);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return selectionNotes(file, 'network', '--prefix');
  }
}
