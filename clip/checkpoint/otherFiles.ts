// What lies beside a weight file or in its folder: there is a second version for where there are no folders.
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CheckpointError, type CheckpointFile } from './checkpointFile.ts';

export { findModelConfig } from './modelConfigFile.ts';
export { openSharded } from './shardedCheckpoint.ts';

/** What weights are called in a folder that was published as a whole, in the order looked for. */
const IN_FOLDER = [
  'model.safetensors.index.json',
  'model.safetensors',
  'open_clip_model.safetensors',
  'pytorch_model.bin.index.json',
  'pytorch_model.bin',
  'open_clip_pytorch_model.bin',
];

/** The path of the file that a delta changes, by its name. */
export function basePath({ path }: CheckpointFile, name: string): string {
  return join(dirname(path), name);
}

/** The weight file, or index of shards, that a path stands for. @throws CheckpointError for a folder without one */
export function weightsAt(path: string): string {
  return isFolder(path) ? weightsOf(path) : path;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Opening it says what is wrong.
    return false;
  }
}

function weightsOf(folder: string): string {
  const found = IN_FOLDER.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined && existsSync(join(folder, 'model_index.json')))
    throw new CheckpointError(
      `checkpoint ${folder} is the folder of a diffusion pipeline, of which no part is a CLIP with both towers`,
      folder,
    );
  if (found === undefined)
    throw new CheckpointError(`checkpoint ${folder} is a folder with none of ${IN_FOLDER.join(', ')}`, folder);
  return found;
}
