import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import {
  CheckpointError,
  type CheckpointFile,
  entryOf,
  type StoredTensor,
  type UnusableTensor,
} from './checkpointFile.ts';
import { RandomAccessFile } from './randomAccessFile.ts';

/** An index of 100,000 tensors has about 10 MB. */
const MAX_INDEX_BYTES = 64 << 20;
/** Each shard keeps a file open. */
const MAX_SHARDS = 256;

/**
 * Opens a checkpoint that is split into several files, through its index (`model.safetensors.index.json`): a JSON
 * object whose `weight_map` says which file of the same folder holds which tensor. Its SHA-256 is that of its shards'
 * SHA-256s in hexadecimal, joined in the order of their names. Source: `save_pretrained` of Hugging Face transformers
 * 4.
 * @param open opens one shard.
 * @throws CheckpointError when the index is damaged, names files elsewhere, or a shard lacks a tensor.
 */
export function openSharded(path: string, open: (path: string) => CheckpointFile): CheckpointFile {
  const fileOf = readWeightMap(path);
  const names = [...new Set(fileOf.values())].sort();
  if (names.length > MAX_SHARDS)
    throw new CheckpointError(`checkpoint ${path} names ${names.length} files, at most ${MAX_SHARDS} are opened`, path);
  const shards = new Map<string, CheckpointFile>();
  const close = () => shards.forEach((shard) => shard.close());
  try {
    for (const name of names) shards.set(name, open(join(dirname(path), name)));
    const owner = (tensor: string): CheckpointFile => shards.get(entryOf(path, fileOf, tensor))!;
    const tensors = new Map<string, StoredTensor>();
    const unusable = new Map<string, UnusableTensor>();
    for (const [tensor, name] of fileOf) {
      const shard = shards.get(name)!;
      const stored = shard.tensors.get(tensor);
      const problem = shard.unusable?.get(tensor);
      if (stored !== undefined) tensors.set(tensor, stored);
      else if (problem !== undefined) unusable.set(tensor, problem);
      else
        throw new CheckpointError(
          `checkpoint ${path} places tensor ${tensor} in ${name}, which does not have it`,
          path,
        );
    }
    return {
      path,
      format: 'sharded safetensors',
      metadata: {},
      tensors,
      unusable,
      read: (tensor) => owner(tensor).read(tensor),
      readRows: (tensor, rows) => owner(tensor).readRows(tensor, rows),
      sha256: () =>
        createHash('sha256')
          .update(names.map((name) => shards.get(name)!.sha256()).join(''))
          .digest('hex'),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function readWeightMap(path: string): Map<string, string> {
  const fail = (problem: string): never => {
    throw new CheckpointError(`checkpoint ${path} is not a usable index of shards: ${problem}`, path);
  };
  const file = new RandomAccessFile(path);
  let text: string;
  try {
    if (file.size > MAX_INDEX_BYTES) fail(`it has ${file.size} bytes, at most ${MAX_INDEX_BYTES} are read`);
    text = Buffer.from(file.read(0, file.size, 'its index').buffer).toString('utf8');
  } finally {
    file.close();
  }
  let index: { weight_map?: unknown } | null;
  try {
    index = JSON.parse(text) as { weight_map?: unknown } | null;
  } catch {
    return fail('it is not JSON');
  }
  const map = index?.weight_map;
  if (map === null || typeof map !== 'object' || Array.isArray(map))
    return fail(foreignJson(index) ?? 'it has no weight_map');
  const fileOf = new Map<string, string>();
  for (const [tensor, name] of Object.entries(map)) {
    // A file elsewhere could be anything the user may read.
    if (
      typeof name !== 'string' ||
      name === '' ||
      name === '.' ||
      name === '..' ||
      basename(name) !== name ||
      /[\\\0]/.test(name)
    ) {
      fail(
        `tensor ${tensor} is placed in ` +
          `${typeof name === 'string' ? JSON.stringify(name.slice(0, 100)) : 'something that is no text'}, expected ` +
          `the name of a file in the same folder`,
      );
    }
    fileOf.set(tensor, name as string);
  }
  if (fileOf.size === 0) fail('its weight_map is empty');
  return fileOf;
}

/** What a JSON file that is no index is. */
function foreignJson(content: object | null): string | undefined {
  const has = (...keys: string[]) => content !== null && keys.some((key) => Object.hasOwn(content, key));
  if (has('_class_name', '_diffusers_version'))
    return 'it describes a diffusion pipeline, of which no part is a CLIP with both towers';
  if (has('model_type', 'architectures', 'model_cfg', 'vision_cfg', 'vision_config'))
    return 'it is the configuration of a model, whose weights are another file';
  if (has('error', 'message')) return 'it is what a server said in place of a file';
  return undefined;
}
