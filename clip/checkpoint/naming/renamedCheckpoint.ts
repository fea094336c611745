import {
  CheckpointError,
  type CheckpointFile,
  type CheckpointFormat,
  type CheckpointNaming,
  entryOf,
  type ModelConfigFile,
  type Selection,
  type StoredTensor,
} from '../checkpointFile.ts';
import { elementCount, rowsOfAll } from '../storedValues.ts';

/** Where a presented tensor comes from. */
export interface TensorSource {
  /** Tensors of the file whose rows are joined in this order; usually one. */
  parts: readonly string[];
  /** Whether the file stores the matrix transposed. */
  transposed?: boolean;
}

/** A weight file under other tensor names, with tensors joined or transposed while they are read. */
export class RenamedCheckpoint implements CheckpointFile {
  readonly path: string;
  readonly format: CheckpointFormat | undefined;
  readonly naming: CheckpointNaming;
  readonly moduleClasses: ReadonlySet<string> | undefined;
  readonly selection: Selection;
  readonly changes: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  modelConfig: ModelConfigFile | undefined;
  readonly #base: CheckpointFile;
  readonly #sources: ReadonlyMap<string, TensorSource>;

  /**
   * @param sources what each presented name stands for.
   * @param selection which part of the file that is.
   * @throws CheckpointError when parts do not fit together, or a matrix to transpose is none.
   */
  constructor(
    base: CheckpointFile,
    naming: CheckpointNaming,
    sources: ReadonlyMap<string, TensorSource>,
    selection: Selection,
  ) {
    this.path = base.path;
    this.format = base.format;
    this.naming = naming;
    this.selection = selection;
    this.moduleClasses = base.moduleClasses;
    this.changes = base.changes;
    this.metadata = base.metadata;
    this.#base = base;
    this.#sources = sources;
    this.tensors = new Map([...sources].map(([name, source]) => [name, describe(base, name, source)]));
  }

  read(name: string): Float32Array {
    const { parts, transposed } = entryOf(this.path, this.#sources, name);
    if (parts.length > 1) {
      const out = new Float32Array(elementCount(this.tensors.get(name)!.shape));
      let at = 0;
      for (const part of parts) {
        const values = this.#base.read(part);
        out.set(values, at);
        at += values.length;
      }
      return out;
    }
    const values = this.#base.read(parts[0]);
    return transposed === true ? transpose(values, this.tensors.get(name)!.shape) : values;
  }

  readRows(name: string, rows: ArrayLike<number>): Float32Array {
    const { parts, transposed } = entryOf(this.path, this.#sources, name);
    if (parts.length === 1 && transposed !== true) return this.#base.readRows(parts[0], rows);
    return rowsOfAll(this.path, this.tensors.get(name)!, rows, () => this.read(name));
  }

  sha256(): string {
    return this.#base.sha256();
  }

  close(): void {
    this.#base.close();
  }
}

function describe(base: CheckpointFile, name: string, { parts, transposed }: TensorSource): StoredTensor {
  const stored = parts.map((part) => {
    const tensor = base.tensors.get(part);
    if (tensor === undefined)
      throw new CheckpointError(`checkpoint ${base.path} has no tensor ${part}, a part of ${name}`, base.path);
    return tensor;
  });
  const [first] = stored;
  if (stored.length === 1) {
    if (transposed !== true) return { ...first, name };
    if (first.shape.length !== 2)
      throw new CheckpointError(
        `checkpoint ${base.path}: tensor ${first.name} is [${first.shape.join(', ')}], expected a matrix`,
        base.path,
      );
    return { name, dtype: first.dtype, shape: [first.shape[1], first.shape[0]] };
  }
  for (const { name: part, shape } of stored) {
    if (
      shape.length === 0 ||
      shape.length !== first.shape.length ||
      shape.slice(1).some((extent, axis) => extent !== first.shape[axis + 1])
    ) {
      throw new CheckpointError(
        `checkpoint ${base.path}: tensor ${part} is [${shape.join(', ')}], which does not fit ${first.name}, ` +
          `[${first.shape.join(', ')}]`,
        base.path,
      );
    }
  }
  const dtype = stored.every((tensor) => tensor.dtype === first.dtype) ? first.dtype : 'F32';
  return { name, dtype, shape: [stored.reduce((sum, { shape }) => sum + shape[0], 0), ...first.shape.slice(1)] };
}

/** The matrix of `shape` whose transposed values are given. */
function transpose(values: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) out[row * columns + column] = values[column * rows + row];
  return out;
}
