import { PickleFault } from './pickleFault.ts';
import { isCount } from './rebuildTensor.ts';
import { GlobalValue, Opaque, type PickleValue, shorten, StorageReference } from './values.ts';

/** A storage that a pickle refers to, of whatever type. */
export interface StorageMention {
  /** The type's name, for example `torch.FloatStorage`. */
  type: GlobalValue;
  /** Number of elements of all of it. */
  total: number;
}

/** A persistent value, and the storage that it is or lies in. */
export interface PersistentValue {
  value: PickleValue;
  storage?: StorageMention & { key: string };
}

/**
 * What the persistent id of a weight file stands for: a storage, `('storage', type, key, location, count)`, also as a
 * part of one, `(..., (key, offset, count))`, or the class of `('module', class, file, source)`. The location (CPU or
 * any GPU) does not matter. Source: `persistent_id` in `torch/serialization.py`, of 2.6 and, for the last two, of 1.5.
 * @returns an opaque value for a storage of a type that is not known here.
 * @throws PickleFault for anything else.
 */
export function persistentValue(id: PickleValue): PersistentValue {
  if (Array.isArray(id) && id[0] === 'module' && id[1] instanceof GlobalValue) return { value: id[1] };
  if (!Array.isArray(id) || id[0] !== 'storage')
    throw new PickleFault('its pickle refers to something outside that is no storage');
  const [, type, key, , count, part] = id;
  if (!(type instanceof GlobalValue) || typeof key !== 'string' || !isCount(count) || isDamaged(type))
    throw new PickleFault('its pickle refers to a storage without a known type, key and length');
  const storage = { type, key, total: count };
  if (type.storageDType === undefined) {
    const reason = `lies in a storage of type ${shorten(type.name)}, which is not read`;
    return { value: new Opaque(type.name, reason), storage };
  }
  if (part === undefined || part === null)
    return { value: new StorageReference(key, type.storageDType, count), storage };
  const [, offset, length] = Array.isArray(part) ? part : [];
  if (!isCount(offset) || !isCount(length) || offset + length > count)
    throw new PickleFault(`its pickle refers to a part of storage ${key} that is not inside`);
  return { value: new StorageReference(key, type.storageDType, count, offset, length), storage };
}

/** A known name that is no storage, where a storage should be. */
function isDamaged(type: GlobalValue): boolean {
  return type.known && type.storageDType === undefined;
}
