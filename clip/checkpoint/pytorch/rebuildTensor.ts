import { PickleFault } from './pickleFault.ts';
import { GlobalValue, Opaque, type PickleValue, StorageReference, StridedTensor } from './values.ts';

/** More axes than any weight has. */
const MAX_RANK = 8;

/**
 * The tensor that `_rebuild_tensor_v2(storage, offset, size, stride, ...)` describes, checked against its storage:
 * every element lies inside. The arguments after the strides (gradients, hooks) say nothing about values. Source:
 * `torch/_utils.py` of PyTorch 2.6.
 * @returns an opaque value for a storage of no known type, and for a view that repeats elements, so that no file can
 *   claim more values than it holds.
 * @throws PickleFault for arguments of other types, or a view that leaves its storage.
 */
export function rebuildTensor(args: readonly PickleValue[]): PickleValue {
  const [storage, offset, shape, strides] = args;
  if (storage instanceof Opaque) return new Opaque(storage.name, storage.reason, true);
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
  const view = `of shape [${shape.join(', ')}] and strides [${strides.join(', ')}] at ${offset}`;
  const room = `of storage ${storage.key}, which has ${storage.count} elements`;
  if (count > 0 && !(last < storage.count)) throw new PickleFault(`its pickle builds a tensor ${view} ${room}`);
  if (!(count <= storage.count)) return new Opaque('a repeated view', `is a view ${view} ${room}`, true);
  // Lists can still be changed by the rest of the pickle.
  return new StridedTensor(storage, offset, [...shape], [...strides]);
}

/**
 * The tensor of `_rebuild_from_type_v2(function, class, arguments, state)`, which wraps tensors that have attributes or
 * a class of their own. Source: `torch/_tensor.py` of PyTorch 2.6.
 * @throws PickleFault as `rebuildTensor`, or where there are no arguments.
 */
export function rebuildFromType([callee, , args]: readonly PickleValue[]): PickleValue {
  if (!(callee instanceof GlobalValue)) throw new PickleFault('its pickle builds a tensor by something without a name');
  if (callee.apply !== rebuildTensor && callee.apply !== firstTensor) return new Opaque(callee.name, undefined, true);
  if (!Array.isArray(args)) throw new PickleFault(`its pickle calls ${callee.name} without arguments`);
  return callee.apply(args);
}

/** The tensor that a parameter consists of. @throws PickleFault for anything else. */
export function firstTensor(args: readonly PickleValue[]): PickleValue {
  if (args[0] instanceof Opaque) return new Opaque(args[0].name, args[0].reason, true);
  if (!(args[0] instanceof StridedTensor))
    throw new PickleFault('its pickle builds a parameter of something that is no tensor');
  return args[0];
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
