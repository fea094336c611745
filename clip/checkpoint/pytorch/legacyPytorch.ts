import { viewOf } from '../../../system/bytes.ts';
import type { CheckpointFile, StoredDType } from '../checkpointFile.ts';
import { RandomAccessFile } from '../randomAccessFile.ts';
import { storedBytes } from '../storedValues.ts';
import { namedTensors } from './namedTensors.ts';
import type { StorageMention } from './persistentIds.ts';
import { PickleFault } from './pickleFault.ts';
import { readPickle } from './pickle.ts';
import { MAX_PICKLE_BYTES, unusablePickle } from './pytorchArchive.ts';
import { type FindStorage, TensorViews } from './tensorViews.ts';
import type { PickleValue } from './values.ts';

/** The pickled number 0x1950a86a20f9469cfc6c, with which `torch.save` began until PyTorch 1.6. */
export const LEGACY_MAGIC = '\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.';

const PROTOCOL = 1001;

/** Bytes before every storage: its number of elements. */
const COUNT_BYTES = 8;

/** Bytes of an element of types that no weight has, so that the storages behind one are found. */
const OTHER_BYTES: Record<string, number> = {
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
  QUInt4x2Storage: 1,
  QUInt2x4Storage: 1,
  UntypedStorage: 1,
};

/**
 * Opens a file that `torch.save` wrote before PyTorch 1.6, or writes without `_use_new_zipfile_serialization`: five
 * pickles (a magic number, the number of the protocol, sizes of the system's types, the object, the keys of the
 * storages), then each storage as its number of elements and their bytes. Only the structure and these numbers are read
 * now, by the reader that reads archives. Source: `_legacy_save` and `_legacy_load` in `torch/serialization.py` of
 * PyTorch 2.6.
 * @throws CheckpointError naming the file and what is wrong with it.
 */
export function openLegacyPytorch(path: string): CheckpointFile {
  const file = new RandomAccessFile(path);
  try {
    const { structure, storages, keys, end } = readStructure(file);
    const places = readStorages(file, storages, keys, end);
    return new TensorViews(file, 'PyTorch before 1.6', namedTensors(structure), storagesAt(file, places));
  } catch (error) {
    file.close();
    if (!(error instanceof PickleFault)) throw error;
    throw unusablePickle(path, error, `checkpoint ${path} is a legacy PyTorch file from before version 1.6 and`);
  }
}

interface Structure {
  structure: PickleValue;
  storages: ReadonlyMap<string, StorageMention>;
  keys: string[];
  /** Offset of the first storage. */
  end: number;
}

function readStructure(file: RandomAccessFile): Structure {
  const length = Math.min(file.size, MAX_PICKLE_BYTES);
  const bytes = file.read(0, length, 'its structure');
  try {
    const magic = readPickle(bytes);
    const protocol = readPickle(bytes, magic.end);
    if (protocol.value !== PROTOCOL) throw new PickleFault(`it does not have protocol ${PROTOCOL}`);
    const system = readPickle(bytes, protocol.end);
    if (system.value instanceof Map && system.value.get('little_endian') === false)
      throw new PickleFault('its numbers are big-endian');
    const root = readPickle(bytes, system.end);
    const keys = readPickle(bytes, root.end);
    if (!Array.isArray(keys.value) || !keys.value.every((key) => typeof key === 'string'))
      throw new PickleFault('it has no list of storages');
    return { structure: root.value, storages: root.storages, keys: keys.value as string[], end: keys.end };
  } catch (error) {
    if (error instanceof PickleFault && file.size > length)
      throw new PickleFault(`${error.message}; at most ${MAX_PICKLE_BYTES} bytes of it are read`);
    throw error;
  }
}

interface Place {
  /** The type by which its length was found. */
  type: string;
  /** Offset in the file of the first element. */
  start: number;
  count: number;
}

/** The storages that lie in the file one after the other. Those behind one that is damaged cannot be found. */
function readStorages(
  file: RandomAccessFile,
  storages: ReadonlyMap<string, StorageMention>,
  keys: readonly string[],
  start: number,
): Map<string, Place | string> {
  const places = new Map<string, Place | string>();
  let problem: string | undefined;
  for (const key of keys) {
    problem ??= places.has(key) ? `it lists storage ${key} twice` : undefined;
    const mention = storages.get(key);
    const bytes = mention === undefined ? undefined : elementBytes(mention.type.name, mention.type.storageDType);
    if (bytes === undefined) problem ??= `storage ${key} has elements of an unknown size`;
    if (problem === undefined && start + COUNT_BYTES > file.size) problem = 'the file ends before it';
    if (problem !== undefined || bytes === undefined) {
      if (!places.has(key)) places.set(key, problem!);
      continue;
    }
    const count = Number(viewOf(file.read(start, COUNT_BYTES, `storage ${key}`)).getBigInt64(0, true));
    const end = start + COUNT_BYTES + count * bytes;
    if (count !== mention!.total) problem = `storage ${key} has ${count} elements, expected ${mention!.total}`;
    else if (end > file.size) problem = `the file ends inside storage ${key}`;
    places.set(key, problem ?? { type: mention!.type.name, start: start + COUNT_BYTES, count });
    start = end;
  }
  return places;
}

function elementBytes(name: string, dtype: StoredDType | undefined): number | undefined {
  if (dtype !== undefined) return storedBytes(dtype);
  const type = name.slice(name.lastIndexOf('.') + 1);
  return name.startsWith('torch.') && Object.hasOwn(OTHER_BYTES, type) ? OTHER_BYTES[type] : undefined;
}

function storagesAt(file: RandomAccessFile, places: ReadonlyMap<string, Place | string>): FindStorage {
  return ({ key }) => {
    const place = places.get(key);
    if (place === undefined) throw new PickleFault(`lies in storage ${key}, which is missing`);
    if (typeof place === 'string') throw new PickleFault(`cannot be found: ${place}`);
    return { source: file, start: place.start };
  };
}
