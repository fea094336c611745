import { counted } from '../../system/counted.ts';
import { basename, sha256 } from '../../system/platform.ts';
import { CheckpointError, type CheckpointFile } from './checkpointFile.ts';
import { elementCount, rowsOfAll } from './storedValues.ts';

/** The changes of one tensor. */
interface Changes {
  /** Flat indices, ascending. */
  index: Float32Array;
  value: Float32Array;
}

/** Above it, an index read as float32 is not exact. */
const MOST_ELEMENTS = 2 ** 24;

/** Whether a file holds what changes in another one. */
export function isDelta({ metadata }: CheckpointFile): boolean {
  return metadata.delta_base !== undefined;
}

/**
 * Another checkpoint with some of its elements changed. The delta holds, of every changed tensor NAME, `NAME/index`
 * (flat indices) and `NAME/value` (what these elements become); its metadata names the base, a file of the same folder
 * (`delta_base`), and that file's SHA-256 (`delta_base_sha256`). Its own SHA-256 is that of both SHA-256s in
 * hexadecimal, joined, the base's first; its metadata is the rest of the delta's.
 * @param openBase opens the base by its name. Closing the result closes both.
 * @throws CheckpointError when the base is elsewhere or another one, or the changes do not fit it
 */
export function openDelta(delta: CheckpointFile, openBase: (name: string) => CheckpointFile): CheckpointFile {
  const { path } = delta;
  const { delta_base: name, delta_base_sha256: expected, ...metadata } = delta.metadata;
  if (['', '.', '..', basename(path)].includes(name) || name !== basename(name))
    throw new CheckpointError(`checkpoint ${path} changes "${name}", expected the name of a file beside it`, path);
  const base = openBase(name);
  try {
    const found = base.sha256();
    if (found !== expected)
      throw new CheckpointError(
        `checkpoint ${path} changes a file of SHA-256 ${expected ?? 'none'}, ${base.path} has ${found}`,
        path,
      );
    const changes = readChanges(delta, base);
    const read = (tensor: string) => {
      const values = base.read(tensor);
      const { index, value } = changes.get(tensor) ?? { index: [], value: [] };
      for (let i = 0; i < index.length; i++) values[index[i]] = value[i];
      return values;
    };
    return {
      path,
      format: 'safetensors',
      metadata,
      changes: base.path,
      tensors: base.tensors,
      unusable: base.unusable,
      read,
      readRows: (tensor, rows) => {
        const stored = base.tensors.get(tensor);
        if (stored === undefined || !changes.has(tensor)) return base.readRows(tensor, rows);
        return rowsOfAll(path, stored, rows, () => read(tensor));
      },
      sha256: () => sha256(found + delta.sha256()),
      close: () => {
        base.close();
        delta.close();
      },
    };
  } catch (error) {
    base.close();
    throw error;
  }
}

function readChanges(delta: CheckpointFile, base: CheckpointFile): Map<string, Changes> {
  const changes = new Map<string, Changes>();
  const fail = (problem: string): never => {
    throw new CheckpointError(`checkpoint ${delta.path} does not fit ${base.path}: ${problem}`, delta.path);
  };
  for (const key of delta.tensors.keys()) {
    const name = key.replace(/\/(index|value)$/, '');
    const stored = base.tensors.get(name);
    if (name === key || stored === undefined) return fail(`tensor ${key} changes none of its tensors`);
    if (!delta.tensors.has(`${name}/index`) || !delta.tensors.has(`${name}/value`))
      return fail(`tensor ${name} has no index or no value`);
    if (changes.has(name)) continue;
    const [index, value] = [delta.read(`${name}/index`), delta.read(`${name}/value`)];
    const elements = Math.min(elementCount(stored.shape), MOST_ELEMENTS);
    if (index.length !== value.length)
      fail(`tensor ${name} has ${counted(index.length, 'index', 'indices')} and ${counted(value.length, 'value')}`);
    const wrong = index.find((at) => !(Number.isInteger(at) && at >= 0 && at < elements));
    if (wrong !== undefined) fail(`tensor ${name} has ${elements} elements and no index ${wrong}`);
    changes.set(name, { index, value });
  }
  return changes;
}
