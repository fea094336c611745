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

/** A one-dimensional array of values that lies in an archive entry of its own. */
export class StorageReference {
  /** The entry is `data/KEY`. */
  readonly key: string;
  readonly dtype: StoredDType;
  /** Number of elements. */
  readonly count: number;

  constructor(key: string, dtype: StoredDType, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A tensor as a strided view of a storage; offset and strides are in elements. */
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

/** A value that weight files contain and nobody needs: a dtype, a device. */
export class Opaque {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A name that the pickle refers to. `apply` is what calling it means here: building one of the values above, never
 * running anything.
 */
export class GlobalValue {
  readonly name: string;
  readonly storageDType?: StoredDType;
  readonly moduleClass?: string;
  readonly apply?: (args: readonly PickleValue[]) => PickleValue;

  constructor(
    name: string,
    meaning: {
      storageDType?: StoredDType;
      moduleClass?: string;
      apply?: (args: readonly PickleValue[]) => PickleValue;
    },
  ) {
    this.name = name;
    this.storageDType = meaning.storageDType;
    this.moduleClass = meaning.moduleClass;
    this.apply = meaning.apply;
  }
}
