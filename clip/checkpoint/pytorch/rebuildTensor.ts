import { PickleFault } from './pickleFault.ts';
import { type PickleValue, StorageReference, StridedTensor } from './values.ts';

/** More axes than any weight has. */
const MAX_RANK = 8;

/**
 * The tensor that `_rebuild_tensor_v2(storage, offset, size, stride, ...)` describes, checked against its storage:
 * every element lies inside, and there are no more elements than the storage has, so that no file can claim more values
 * than it holds. The arguments after the strides (gradients, hooks) say nothing about values. Source: `torch/_utils.py`
 * of PyTorch 2.6.
 * @throws PickleFault for arguments of other types, or a view that leaves its storage.
 */
export function rebuildTensor(args: readonly PickleValue[]): StridedTensor {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof StorageReference))
    throw new PickleFault('its pickle builds a tensor of something that is no storage');
  if (!isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    throw new PickleFault(
      `its pickle builds a tensor of storage ${storage.key} without a valid offset, shape and strides of at most ` +
        `${MAX_RANK} axes`,
    );
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis], offset);
  if (!(count <= storage.count) || (count > 0 && !(last < storage.count))) {
    throw new PickleFault(
      `its pickle builds a tensor of shape [${shape.join(', ')}] and strides [${strides.join(', ')}] at ${offset} ` +
        `of storage ${storage.key}, which has ${storage.count} elements`,
    );
  }
  return new StridedTensor(storage, offset, shape, strides);
}

/** Whether the elements follow each other without gaps, last axis fastest. */
export function isRowMajor({ shape, strides }: StridedTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis];
  }
  return true;
}

/** A whole number that a length, an offset or a stride can be. */
export function isCount(value: PickleValue | undefined): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK && value.every(isCount);
}
