import { CheckpointError, type CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { rowsOfAll } from '../../clip/checkpoint/storedValues.ts';
import { sha256 } from '../../system/platform.ts';

/** The table of token embeddings, by far the largest tensor of a small CLIP. */
const TABLE = 'token_embedding.weight';

/**
 * A checkpoint whose tensors come from `delta` where it has them, else from `base`. A delta holds tensors whole, or
 * only the elements that differ: `NAME/values` [n] for the flat positions `NAME/indices` [n] of the tensor NAME.
 * Closing it closes both.
 */
export function overlayCheckpoint(base: CheckpointFile, delta: CheckpointFile): CheckpointFile {
  const whole = [...delta.tensors].filter(([name]) => !name.includes('/'));
  const owner = (name: string) => (delta.tensors.has(name) ? delta : base);
  const read = (name: string): Float32Array => {
    const values = owner(name).read(name);
    if (!delta.tensors.has(`${name}/indices`)) return values;
    const changed = delta.read(`${name}/values`);
    delta.read(`${name}/indices`).forEach((index, i) => (values[index] = changed[i]));
    return values;
  };
  const tensors = new Map([...base.tensors, ...whole]);
  return {
    path: delta.path,
    metadata: { ...base.metadata, ...delta.metadata },
    tensors,
    read,
    readRows: (name, rows) => {
      if (!delta.tensors.has(`${name}/indices`)) return owner(name).readRows(name, rows);
      return rowsOfAll(delta.path, tensors.get(name)!, rows, () => read(name));
    },
    sha256: () => sha256(base.sha256() + delta.sha256()),
    close: () => {
      base.close();
      delta.close();
    },
  };
}

/**
 * A checkpoint that holds token embeddings only of the tokens that recorded texts use, presented as a whole one:
 * `token_embedding.weight/values` [n, width] are the rows `token_embedding.weight/rows` [n] of the table. Read as a
 * whole, the table has zeros elsewhere; other rows cannot be asked for, since texts that use them would come out wrong.
 * Another checkpoint is returned as it is.
 * @param vocabulary rows of the whole table.
 * @throws CheckpointError when the held rows cannot be read; later, from `readRows`, for a row that is not held.
 */
export function completeVocabulary(file: CheckpointFile, vocabulary: number): CheckpointFile {
  const held = file.tensors.get(`${TABLE}/values`);
  if (held === undefined) return file;
  const width = held.shape[1];
  const placeOf = new Map(Array.from(file.read(`${TABLE}/rows`), (row, place) => [row, place]));
  const whole = [...file.tensors].filter(([name]) => !name.includes('/'));
  const placesOf = (rows: ArrayLike<number>) =>
    Array.from(rows, (row) => {
      const place = placeOf.get(row);
      if (place === undefined)
        throw new CheckpointError(
          `checkpoint ${file.path} holds no embedding of token ${row}, only those of ${placeOf.size} recorded tokens`,
          file.path,
        );
      return place;
    });
  return {
    ...file,
    // What the parts alone are taken for is not what they are together.
    selection: undefined,
    tensors: new Map([...whole, [TABLE, { name: TABLE, dtype: held.dtype, shape: [vocabulary, width] }]]),
    read: (name) => {
      if (name !== TABLE) return file.read(name);
      const table = new Float32Array(vocabulary * width);
      const values = file.read(`${TABLE}/values`);
      for (const [row, place] of placeOf) table.set(values.subarray(place * width, (place + 1) * width), row * width);
      return table;
    },
    readRows: (name, rows) =>
      name === TABLE ? file.readRows(`${TABLE}/values`, placesOf(rows)) : file.readRows(name, rows),
    sha256: () => file.sha256(),
    close: () => file.close(),
  };
}
