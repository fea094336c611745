import { PickleFault } from './pickleFault.ts';
import { ModuleObject, StridedTensor } from './values.ts';

/** Deeper than modules are nested in any network. */
const MAX_DEPTH = 32;
/** Entries looked at in all; a module that is reached in several ways counts each time. */
const MAX_ENTRIES = 1_000_000;
/** Names of tensors in published files have at most 100 characters. */
const MAX_NAME = 1000;

/**
 * The tensors of TorchScript modules, named by the attributes that lead to them, joined by dots, and the names of the
 * modules' classes.
 * @throws PickleFault when there are no tensors, or absurdly many or deep ones.
 */
export function collectModule(root: ModuleObject): {
  tensors: Map<string, StridedTensor>;
  moduleClasses: Set<string>;
} {
  const walk: Walk = { tensors: new Map(), classes: new Set(), above: new Set(), entries: 0 };
  collect(root, '', walk);
  if (walk.tensors.size === 0) throw new PickleFault('its modules hold no tensors');
  return { tensors: walk.tensors, moduleClasses: walk.classes };
}

interface Walk {
  tensors: Map<string, StridedTensor>;
  classes: Set<string>;
  /** The modules on the way to the present one. */
  above: Set<ModuleObject>;
  entries: number;
}

function collect(module: ModuleObject, prefix: string, walk: Walk): void {
  const { above } = walk;
  if (above.size >= MAX_DEPTH || above.has(module))
    throw new PickleFault(`its modules are nested more than ${MAX_DEPTH} deep`);
  walk.classes.add(module.className);
  if (!(module.attributes instanceof Map)) return;
  above.add(module);
  for (const [name, value] of module.attributes) {
    if (++walk.entries > MAX_ENTRIES) throw new PickleFault(`its modules have more than ${MAX_ENTRIES} attributes`);
    if (typeof name !== 'string' || prefix.length + name.length > MAX_NAME) continue;
    if (value instanceof StridedTensor) walk.tensors.set(prefix + name, value);
    else if (value instanceof ModuleObject) collect(value, `${prefix}${name}.`, walk);
  }
  above.delete(module);
}
