import type { CheckpointFile, StoredTensor } from '../clip/checkpoint/checkpointFile.ts';
import { elementCount } from '../clip/checkpoint/storedValues.ts';
import { TOWERS } from '../clip/towers.ts';
import { type AbortSignalLike, throwIfAborted } from '../system/abort.ts';
import type { Stage } from './progress.ts';

/** Turns the tensors that are read of a checkpoint into progress of a tower. */
export class TowerReads {
  #watch: ((tensor: StoredTensor) => void) | undefined;

  /** Gets every tensor that was read; for `ClipModel.open`. */
  readonly onRead = (tensor: StoredTensor): void => this.#watch?.(tensor);

  /**
   * Runs work that loads a tower, or finds it loaded: then there is nothing to tell.
   * @param stage counts the bytes on the device, 4 for an element
   * @throws the signal's reason once it is aborted; what `work` throws
   */
  async during<Result>(
    tower: keyof typeof TOWERS,
    { file, stage, signal }: { file: CheckpointFile; stage: Stage; signal: AbortSignalLike | undefined },
    work: () => Result | Promise<Result>,
  ): Promise<Result> {
    const bytesOf = ({ shape }: StoredTensor) => 4 * elementCount(shape);
    const belongs = ({ name }: StoredTensor) => TOWERS[tower].test(name);
    const total = [...file.tensors.values()].filter(belongs).reduce((sum, tensor) => sum + bytesOf(tensor), 0);
    let loaded = 0;
    let isDone = false;
    const end = () => {
      isDone = true;
      stage.advance(total, total);
      stage.end();
    };
    this.#watch = (tensor) => {
      throwIfAborted(signal);
      if (isDone || !belongs(tensor)) return;
      if (loaded === 0) stage.begin();
      loaded += bytesOf(tensor);
      if (loaded < total) stage.advance(loaded, total);
      else end();
    };
    try {
      const result = await work();
      if (loaded > 0 && !isDone) end();
      return result;
    } finally {
      this.#watch = undefined;
    }
  }
}
