import { CheckpointError, type CheckpointFile, type ModelConfigFile } from './checkpointFile.ts';
import { modelConfigBeside } from './modelConfig.ts';
import { companion, isNamed, namedBytes } from './randomAccessFile.browser.ts';

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

/** The name of the file that a delta changes. @throws CheckpointError where it did not come with the delta */
export function basePath({ path }: CheckpointFile, name: string): string {
  const base = companion(path, name);
  if (isNamed(base)) return base;
  throw new CheckpointError(`checkpoint ${path} changes another file, expected one file with all weights`, path);
}
