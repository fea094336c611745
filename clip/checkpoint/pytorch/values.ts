import type { StoredDType } from '../checkpointFile.ts';

/** What a weight file's pickle can hold. Tuples and lists are arrays; dictionaries are maps. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | StorageReference
  | StridedTensor
  | ModuleObject
  | Opaque
  | GlobalValue;

/** A one-dimensional array of values that lies in a place of its own, or a part of one. */
export class StorageReference {
  /** Which one: the entry of an archive is `data/KEY`. */
  readonly key: string;
  readonly dtype: StoredDType;
  /** Elements of all of it. */
  readonly total: number;
  /** The first element of the part. */
  readonly start: number;
  /** Number of elements of the part. */
  readonly count: number;

  constructor(key: string, dtype: StoredDType, total: number, start = 0, count = total) {
    this.key = key;
    this.dtype = dtype;
    this.total = total;
    this.start = start;
    this.count = count;
  }
}

/** A tensor as a strided view of a storage; strides are in elements, and so is the offset, from the part's start. */
export class StridedTensor {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: StorageReference, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A module of a TorchScript archive: its class's name without the package, and its attributes. */
export class ModuleObject {
  readonly className: string;
  attributes: PickleValue = null;

  constructor(className: string) {
    this.className = className;
  }
}

/**
 * A value that nobody looks into: a dtype, a device, or what a name of other programs stands for. It was never built;
 * only what was said about it is kept, because weights may be among that.
 */
export class Opaque {
  /** The name in the file, for example `numpy.core.multiarray.scalar`. */
  readonly name: string;
  /** What a tensor that depends on it is told, as the end of a sentence. */
  readonly reason: string;
  /** Whether it stands where a tensor would, so that it says why there is none. */
  readonly insteadOfTensor: boolean;
  /** Entries that were set as in a dictionary. */
  entries: Map<PickleValue, PickleValue> | undefined;
  /** The state that the object was given. */
  attributes: PickleValue = null;

  constructor(name: string, reason = `is made by ${shorten(name)}, which was not run`, insteadOfTensor = false) {
    this.name = name;
    this.reason = reason;
    this.insteadOfTensor = insteadOfTensor;
  }
}

/** What a known name of a pickle means here; all of it absent where naming it is all that is done with it. */
export interface Meaning {
  storageDType?: StoredDType;
  moduleClass?: string;
  apply?: (args: readonly PickleValue[]) => PickleValue;
}

/**
 * A name that the pickle refers to. `apply` is what calling it means here: building one of the values above, never
 * running anything.
 */
export class GlobalValue {
  readonly name: string;
  /** False for names of other programs, which are kept and never looked up. */
  readonly known: boolean;
  readonly storageDType?: StoredDType;
  readonly moduleClass?: string;
  readonly apply?: (args: readonly PickleValue[]) => PickleValue;

  /** @param meaning absent for a name that is not known */
  constructor(name: string, meaning?: Meaning) {
    this.name = name;
    this.known = meaning !== undefined;
    this.storageDType = meaning?.storageDType;
    this.moduleClass = meaning?.moduleClass;
    this.apply = meaning?.apply;
  }
}

/** A name from a file, cut where it is too long for a sentence. */
export function shorten(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}...` : name;
}
