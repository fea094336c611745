import { existsSync, statSync } from 'node:fs';
import { readTextFile } from '../../system/readTextFile.ts';
import { CheckpointError, type CheckpointFile, type ModelConfigFile } from './checkpointFile.ts';
import { modelConfigBeside } from './modelConfig.ts';

/** The configuration beside the weights, see `modelConfigBeside`. @throws CheckpointError as it */
export function findModelConfig(file: CheckpointFile): ModelConfigFile | undefined {
  return modelConfigBeside(file, {
    size: (path) => (existsSync(path) && statSync(path).isFile() ? statSync(path).size : undefined),
    text: (path) =>
      readTextFile(
        path,
        (problem, cause) => new CheckpointError(`the model configuration ${path} ${problem}`, path, cause),
      ),
  });
}
