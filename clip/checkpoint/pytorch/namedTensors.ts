import { PickleFault } from './pickleFault.ts';
import { ModuleObject, type PickleValue, StridedTensor } from './values.ts';

/** Where training programs put the weights inside of what they save, in the order looked for. */
const NESTED_UNDER = ['state_dict', 'model_state_dict', 'model', 'teacher'];

/** Deeper than modules are nested in any network. */
const MAX_DEPTH = 32;
/** Entries looked at in all; a module that is reached in several ways counts each time. */
const MAX_ENTRIES = 1_000_000;

/** What a weight file's pickle says: its tensors by name, and the classes of its modules where it names any. */
export interface NamedTensors {
  tensors: Map<string, StridedTensor>;
  /** Names of module classes; undefined for a state dict. */
  moduleClasses: Set<string> | undefined;
}

/**
 * The tensors of an unpickled weight file by name: the entries of a state dict (also one nested under `state_dict` or
 * `model`, as training programs save it), or the attributes of TorchScript modules with the path to them, joined by
 * dots.
 * @throws PickleFault when there are no tensors, or absurdly many or deep ones.
 */
export function namedTensors(root: PickleValue): NamedTensors {
  const tensors = new Map<string, StridedTensor>();
  if (root instanceof ModuleObject) {
    const moduleClasses = new Set<string>();
    collectModule(root, '', { tensors, classes: moduleClasses, above: new Set(), entries: 0 });
    if (tensors.size === 0) throw new PickleFault('its modules hold no tensors');
    return { tensors, moduleClasses };
  }
  if (!(root instanceof Map)) throw new PickleFault('it holds no dictionary of tensors');
  let dictionary = root;
  for (const key of NESTED_UNDER) {
    const nested = dictionary.get(key);
    if (nested instanceof Map) dictionary = nested;
  }
  for (const [name, value] of dictionary) {
    if (typeof name === 'string' && value instanceof StridedTensor) tensors.set(name, value);
  }
  if (tensors.size === 0) throw new PickleFault('it holds no dictionary of tensors');
  return { tensors, moduleClasses: undefined };
}

interface Walk {
  tensors: Map<string, StridedTensor>;
  classes: Set<string>;
  /** The modules on the way to the present one. */
  above: Set<ModuleObject>;
  entries: number;
}

function collectModule(module: ModuleObject, prefix: string, walk: Walk): void {
  const { above } = walk;
  if (above.size >= MAX_DEPTH || above.has(module))
    throw new PickleFault(`its modules are nested more than ${MAX_DEPTH} deep`);
  walk.classes.add(module.className);
  if (!(module.attributes instanceof Map)) return;
  above.add(module);
  for (const [name, value] of module.attributes) {
    if (++walk.entries > MAX_ENTRIES) throw new PickleFault(`its modules have more than ${MAX_ENTRIES} attributes`);
    if (typeof name !== 'string') continue;
    if (value instanceof StridedTensor) walk.tensors.set(prefix + name, value);
    else if (value instanceof ModuleObject) collectModule(value, `${prefix}${name}.`, walk);
  }
  above.delete(module);
}
