import { collectModule } from './moduleTensors.ts';
import { PickleFault } from './pickleFault.ts';
import { ModuleObject, Opaque, type PickleValue, shorten, StridedTensor } from './values.ts';

/** Where training programs put the weights inside of what they save, in the order looked for. */
const NESTED_UNDER = ['state_dict', 'model_state_dict', 'model', 'teacher'];

/** What a pickled module keeps its parts under; these are no part of a tensor's name. */
const PARTS_OF_MODULE = ['_parameters', '_buffers', '_modules'];

/** Deeper than anything that training programs save. */
const MAX_DEPTH = 32;
/** Entries looked at in all. */
const MAX_ENTRIES = 1_000_000;
/** Values of other programs that are remembered, in case a tensor is missed. */
const MAX_OPAQUE = 10_000;
/** Names of tensors in published files have at most 100 characters. */
const MAX_NAME = 1000;

/** What a weight file's pickle says: its tensors by name, and the classes of its modules where it names any. */
export interface NamedTensors {
  tensors: Map<string, StridedTensor>;
  /** What stands where a tensor could, by name. */
  opaque: Map<string, Opaque>;
  /** Names of module classes; undefined for a state dict. */
  moduleClasses: Set<string> | undefined;
  /** What the names begin with in the dictionary that training programs keep weights in. */
  main: string;
  kind: 'state dict' | 'module' | 'TorchScript';
}

/**
 * The tensors of an unpickled weight file by name: the attributes of TorchScript modules with the path to them, joined
 * by dots; or every tensor that the dictionaries, lists and pickled modules lead to, named by the shortest way. The
 * dictionaries that all of them lie in are no part of the names.
 * @throws PickleFault when there are no tensors, or absurdly many entries.
 */
export function namedTensors(root: PickleValue): NamedTensors {
  if (root instanceof ModuleObject) {
    const { tensors, moduleClasses } = collectModule(root);
    return { tensors, opaque: new Map(), moduleClasses, main: '', kind: 'TorchScript' };
  }
  const walk = new Walk(root);
  if (walk.found.length === 0) throw new PickleFault(walk.whyNothing());
  const shared = walk.sharedPlace();
  const tensors = new Map<string, StridedTensor>();
  const opaque = new Map<string, Opaque>();
  for (const { name, value } of walk.found) {
    const short = name.slice(shared.length);
    if (!tensors.has(short)) tensors.set(short, value);
  }
  for (const [name, value] of walk.opaque) if (name.startsWith(shared)) opaque.set(name.slice(shared.length), value);
  const { moduleClasses } = walk;
  const path = mainDictionary(root);
  const main = path.startsWith(shared) ? path.slice(shared.length) : '';
  return moduleClasses.size === 0
    ? { tensors, opaque, moduleClasses: undefined, main, kind: 'state dict' }
    : { tensors, opaque, moduleClasses, main, kind: 'module' };
}

/** The way to the dictionary in which training programs keep weights. */
function mainDictionary(root: PickleValue): string {
  let path = '';
  let dictionary = root;
  for (const key of NESTED_UNDER) {
    const nested = dictionary instanceof Map ? dictionary.get(key) : undefined;
    if (!(nested instanceof Map)) continue;
    dictionary = nested;
    path += `${key}.`;
  }
  return path;
}

/** Something with entries, on the way. */
interface Place {
  value: PickleValue;
  path: string;
  /** The part of the path that consists of dictionaries, not of modules. */
  dictionaries: string;
  depth: number;
  inModule: boolean;
}

/** A walk through all that a pickle leads to, the nearest first; whatever is reached in several ways, once. */
class Walk {
  readonly found: { name: string; value: StridedTensor; place: string }[] = [];
  readonly opaque = new Map<string, Opaque>();
  readonly moduleClasses = new Set<string>();
  readonly #root: PickleValue;
  readonly #seen = new Set<PickleValue>();
  readonly #queue: Place[] = [];
  #entries = 0;

  constructor(root: PickleValue) {
    this.#root = root;
    this.#enter({ value: root, path: '', dictionaries: '', depth: 0, inModule: false });
    for (let at = 0; at < this.#queue.length; at++) this.#visit(this.#queue[at]);
  }

  /** The dictionaries that all tensors lie in. */
  sharedPlace(): string {
    let shared = this.found[0].place;
    for (const { place } of this.found)
      while (!place.startsWith(shared)) shared = shared.slice(0, shared.slice(0, -1).lastIndexOf('.') + 1);
    return shared;
  }

  whyNothing(): string {
    const root = this.#root;
    for (const [name, { insteadOfTensor, reason }] of this.opaque)
      if (insteadOfTensor) return `tensor ${shorten(name)} ${reason}`;
    if (root instanceof StridedTensor)
      return `it holds no dictionary of tensors, only one of shape [${root.shape.join(', ')}]`;
    if (root instanceof Opaque)
      return root.insteadOfTensor
        ? `its tensor ${root.reason}`
        : `its pickle names ${shorten(root.name)}, which weights do not need and which was not run`;
    for (const [name, { reason }] of this.opaque)
      return `it holds no dictionary of tensors; ${shorten(name)} ${reason}`;
    return 'it holds no dictionary of tensors';
  }

  #enter(place: Place): void {
    const { value } = place;
    const isPlace = value instanceof Map || value instanceof Opaque || Array.isArray(value);
    if (!isPlace || this.#seen.has(value) || place.depth > MAX_DEPTH || place.path.length > MAX_NAME) return;
    this.#seen.add(value);
    this.#queue.push(place);
  }

  #visit(place: Place): void {
    const { value } = place;
    if (value instanceof Map) for (const [key, entry] of value) this.#entry(place, key, entry);
    else if (Array.isArray(value)) value.forEach((entry, index) => this.#entry(place, index, entry));
    else if (value instanceof Opaque) this.#visitOpaque(value, place);
  }

  #visitOpaque({ name, entries, attributes }: Opaque, place: Place): void {
    if (entries !== undefined) for (const [key, entry] of entries) this.#entry(place, key, entry);
    // Objects with slots have their state in two dictionaries.
    for (const state of Array.isArray(attributes) ? attributes : [attributes]) {
      if (!(state instanceof Map)) continue;
      const isModule = state.get('_modules') instanceof Map || state.get('_modules') instanceof Opaque;
      if (isModule) this.moduleClasses.add(name.slice(name.lastIndexOf('.') + 1));
      const inside = { ...place, inModule: place.inModule || isModule };
      for (const [key, entry] of state) {
        if (isModule && PARTS_OF_MODULE.includes(key as string))
          this.#enter({ ...inside, value: entry, depth: place.depth + 1 });
        else this.#entry(inside, key, entry);
      }
    }
  }

  #entry({ path, dictionaries, depth, inModule }: Place, key: PickleValue, value: PickleValue): void {
    if (++this.#entries > MAX_ENTRIES) throw new PickleFault(`its dictionaries have more than ${MAX_ENTRIES} entries`);
    if (typeof key !== 'string' && typeof key !== 'number') return;
    if (value === null || typeof value !== 'object') return;
    if (typeof key === 'string' && path.length + key.length > MAX_NAME) return;
    const name = `${path}${key}`;
    if (value instanceof StridedTensor) this.found.push({ name, value, place: dictionaries });
    else if (value instanceof Opaque && typeof key === 'string' && this.opaque.size < MAX_OPAQUE)
      if (!this.opaque.has(name)) this.opaque.set(name, value);
    const inner = `${name}.`;
    this.#enter({ value, path: inner, dictionaries: inModule ? dictionaries : inner, depth: depth + 1, inModule });
  }
}
