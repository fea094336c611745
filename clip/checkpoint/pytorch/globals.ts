import type { StoredDType } from '../checkpointFile.ts';
import { PickleFault } from './pickleFault.ts';
import { firstTensor, rebuildFromType, rebuildTensor } from './rebuildTensor.ts';
import { GlobalValue, Opaque, type PickleValue } from './values.ts';

const STORAGE_DTYPES: Record<string, StoredDType> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

const DTYPE_NAMES = new Set([
  'float16',
  'float32',
  'float64',
  'bfloat16',
  'int8',
  'int16',
  'int32',
  'int64',
  'uint8',
  'bool',
  'half',
  'float',
  'double',
  'long',
  'int',
  'short',
]);

/** The functions that weight files call, each as what it builds. */
const FUNCTIONS: Record<string, (args: readonly PickleValue[]) => PickleValue> = {
  'torch._utils._rebuild_tensor': rebuildTensor,
  'torch._utils._rebuild_tensor_v2': rebuildTensor,
  'torch._tensor._rebuild_from_type_v2': rebuildFromType,
  'torch._utils._rebuild_parameter': firstTensor,
  'torch._utils._rebuild_parameter_with_state': firstTensor,
  'collections.OrderedDict': orderedDict,
  'torch.Size': (args) => onlyArray(args, 'torch.Size'),
  'torch.device': () => new Opaque('torch.device'),
  'torch.jit._pickle.restore_type_tag': (args) => args[0] ?? null,
  'torch.jit._pickle.build_intlist': (args) => onlyArray(args, 'build_intlist'),
  'torch.jit._pickle.build_doublelist': (args) => onlyArray(args, 'build_doublelist'),
  'torch.jit._pickle.build_boollist': (args) => onlyArray(args, 'build_boollist'),
  'torch.jit._pickle.build_tensorlist': (args) => onlyArray(args, 'build_tensorlist'),
};

/**
 * What a global name in a weight file's pickle stands for. Only the names that PyTorch itself writes around tensors are
 * known; every other one is kept as a name, and nothing is ever looked up outside of this file.
 * Source: `torch/_utils.py`, `torch/serialization.py` and `torch/csrc/jit/serialization/pickler.cpp` of PyTorch 2.6.
 */
export function globalOf(module: string, name: string): GlobalValue {
  const full = `${module}.${name}`;
  if (Object.hasOwn(FUNCTIONS, full)) return new GlobalValue(full, { apply: FUNCTIONS[full] });
  if ((module === 'torch' || module === 'torch.cuda') && Object.hasOwn(STORAGE_DTYPES, name))
    return new GlobalValue(full, { storageDType: STORAGE_DTYPES[name] });
  if (module === 'torch' && DTYPE_NAMES.has(name)) return new GlobalValue(full, {});
  if (module === '__torch__' || module.startsWith('__torch__.')) return new GlobalValue(full, { moduleClass: name });
  return new GlobalValue(full);
}

/**
 * A dictionary whose entries are set afterwards, as Python 3 writes it, or are the pairs of one argument, as Python 2
 * did.
 */
function orderedDict(args: readonly PickleValue[]): PickleValue {
  const pairs = args.length === 0 ? [] : args[0];
  if (args.length > 1 || !Array.isArray(pairs)) throw new PickleFault('its pickle builds an OrderedDict of no pairs');
  const entries = new Map<PickleValue, PickleValue>();
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new PickleFault('its pickle builds an OrderedDict of no pairs');
    entries.set(pair[0], pair[1]);
  }
  return entries;
}

function onlyArray(args: readonly PickleValue[], name: string): PickleValue {
  if (args.length !== 1 || !Array.isArray(args[0]))
    throw new PickleFault(`its pickle calls ${name} with something other than one list`);
  return args[0];
}
