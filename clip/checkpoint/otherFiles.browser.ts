import { CheckpointError, type CheckpointFile, type ModelConfigFile } from './checkpointFile.ts';
import { modelConfigBeside } from './modelConfig.ts';
import { namedBytes } from './randomAccessFile.browser.ts';

/** The configuration beside weights that lie in memory; a file of the user's comes alone. @throws CheckpointError */
export function findModelConfig(file: CheckpointFile): ModelConfigFile | undefined {
  return modelConfigBeside(file, {
    size: (path) => namedBytes(path)?.length,
    text: (path) => new TextDecoder().decode(namedBytes(path)),
  });
}

/** Refuses: the shards are files of their own. @throws CheckpointError */
export function openSharded(path: string): never {
  throw new CheckpointError(`checkpoint ${path} is an index of shards, expected one file with all weights`, path);
}

/** The weight file that a name stands for. */
export function weightsAt(path: string): string {
  return path;
}

/** Whether a file holds what changes in another one. */
export function isDelta({ metadata }: CheckpointFile): boolean {
  return metadata.delta_base !== undefined;
}

/** Refuses: the other is a file of its own. @throws CheckpointError */
export function openDelta({ path }: CheckpointFile): never {
  throw new CheckpointError(`checkpoint ${path} changes another file, expected one file with all weights`, path);
}
