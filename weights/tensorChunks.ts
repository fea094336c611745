import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { elementCount } from '../clip/checkpoint/storedValues.ts';

/** Larger tensors (token tables) are read by rows. */
const CHUNK_VALUES = 16 << 20;

/**
 * The values of a tensor in order, in pieces that fit memory: float32, whole rows of the first axis where it is large.
 * @throws CheckpointError when the file ends inside.
 */
export function* tensorChunks(file: CheckpointFile, name: string): Generator<Float32Array> {
  const { shape } = file.tensors.get(name)!;
  const count = elementCount(shape);
  if (count <= CHUNK_VALUES || shape.length < 2) {
    yield file.read(name);
    return;
  }
  const rowsAtOnce = Math.max(1, Math.floor(CHUNK_VALUES / (count / shape[0])));
  for (let first = 0; first < shape[0]; first += rowsAtOnce) {
    const length = Math.min(rowsAtOnce, shape[0] - first);
    yield file.readRows(
      name,
      Uint32Array.from({ length }, (_, row) => first + row),
    );
  }
}
