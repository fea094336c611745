import { viewOf } from '../../../system/bytes.ts';
import { globalOf } from './globals.ts';
import { PickleFault } from './pickleFault.ts';
import { persistentValue, type StorageMention } from './persistentIds.ts';
import { PickleBytes } from './pickleBytes.ts';
import { GlobalValue, ModuleObject, Opaque, type PickleValue, StridedTensor } from './values.ts';

/** Bounds what is built from a pickle; a checkpoint of 10,000 tensors with its optimizer has about 500,000. */
const MAX_OPERATIONS = 1_000_000;

/** Functions of PyTorch that build tensors, of which `globalOf` knows those of dense ones. */
const TENSOR_BUILDER = /^torch\._(utils|tensor)\._rebuild_\w+$/;

/** What a pickle says, and where it ended. */
export interface Unpickled {
  value: PickleValue;
  /** Offset of the byte after the last. */
  end: number;
  /** Every storage that it refers to, by key. */
  storages: ReadonlyMap<string, StorageMention>;
}

/**
 * Reads a pickle as PyTorch writes it for weights. Nothing is executed or imported: an operation either builds a plain
 * value or is refused, and a name that is none of `globalOf` gives an opaque value, as do calls of it.
 * Source: `Lib/pickletools.py` of Python 3.12 (opcodes of protocols 0 to 5); `torch/serialization.py` (persistent ids).
 * @param at offset of the first byte
 * @throws PickleFault for damaged bytes, for operations that no program writes around weights, and for absurdly many.
 */
export function readPickle(bytes: Uint8Array, at = 0): Unpickled {
  return new PickleMachine(new PickleBytes(bytes, at)).run();
}

class PickleMachine {
  readonly #bytes: PickleBytes;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marks: number[] = [];
  readonly #stack: PickleValue[] = [];
  readonly #storages = new Map<string, StorageMention>();
  #operations = 0;

  constructor(bytes: PickleBytes) {
    this.#bytes = bytes;
  }

  run(): Unpickled {
    for (;;) {
      this.#charge(1);
      const code = this.#bytes.unsigned(1);
      // STOP
      if (code === 0x2e) return { value: this.#pop(), end: this.#bytes.at, storages: this.#storages };
      this.#step(code);
    }
  }

  /** Counts operations, and whatever else takes time. */
  #charge(operations: number): void {
    this.#operations += operations;
    if (this.#operations > MAX_OPERATIONS)
      throw new PickleFault(`its pickle has more than ${MAX_OPERATIONS} operations`);
  }

  #step(code: number): void {
    const stack = this.#stack;
    const bytes = this.#bytes;
    switch (code) {
      case 0x80: {
        // PROTO
        const protocol = bytes.unsigned(1);
        if (protocol > 5) throw new PickleFault(`its pickle has protocol ${protocol}, expected at most 5`);
        return;
      }
      case 0x95: // FRAME: says how many bytes to read ahead
        return void bytes.take(8);
      case 0x28: // MARK
        return void this.#marks.push(stack.length);
      case 0x30: // POP
        return void this.#pop();
      case 0x31: // POP_MARK
        return void this.#popToMark();
      case 0x32: // DUP
        return void stack.push(this.#top());
      case 0x4e: // NONE
        return void stack.push(null);
      case 0x88: // NEWTRUE
        return void stack.push(true);
      case 0x89: // NEWFALSE
        return void stack.push(false);
      case 0x4b: // BININT1
        return void stack.push(bytes.unsigned(1));
      case 0x4d: // BININT2
        return void stack.push(bytes.unsigned(2));
      case 0x4a: // BININT
        return void stack.push(viewOf(bytes.take(4)).getInt32(0, true));
      case 0x8a: // LONG1
        return void stack.push(bytes.signed(bytes.unsigned(1)));
      case 0x8b: // LONG4
        return void stack.push(bytes.signed(bytes.unsigned(4)));
      case 0x47: // BINFLOAT
        return void stack.push(viewOf(bytes.take(8)).getFloat64(0));
      case 0x8c: // SHORT_BINUNICODE
        return void stack.push(bytes.text(1));
      case 0x58: // BINUNICODE
        return void stack.push(bytes.text(4));
      case 0x8d: // BINUNICODE8
        return void stack.push(bytes.text(8));
      case 0x55: // SHORT_BINSTRING
        return void stack.push(bytes.string(1));
      case 0x54: // BINSTRING
        return void stack.push(bytes.string(4));
      case 0x43: // SHORT_BINBYTES
        return this.#skipBytes(1);
      case 0x42: // BINBYTES
        return this.#skipBytes(4);
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#skipBytes(8);
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return void stack.push([]);
      case 0x7d: // EMPTY_DICT
        return void stack.push(new Map());
      case 0x8f: // EMPTY_SET
        return void stack.push(new Opaque('a set'));
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return void stack.push(this.#popToMark());
      case 0x91: // FROZENSET
        this.#popToMark();
        return void stack.push(new Opaque('a set'));
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items: PickleValue[] = [];
        for (let i = 0x84; i < code; i++) items.unshift(this.#pop());
        return void stack.push(items);
      }
      case 0x61: // APPEND
        return this.#append([this.#pop()]);
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popToMark());
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        return this.#setItems([this.#pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x71: // BINPUT
        return void this.#memo.set(bytes.unsigned(1), this.#top());
      case 0x72: // LONG_BINPUT
        return void this.#memo.set(bytes.unsigned(4), this.#top());
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, this.#top());
      case 0x68: // BINGET
        return void stack.push(this.#remembered(bytes.unsigned(1)));
      case 0x6a: // LONG_BINGET
        return void stack.push(this.#remembered(bytes.unsigned(4)));
      case 0x63: // GLOBAL
        return void stack.push(globalOf(bytes.line(), bytes.line()));
      case 0x93: {
        // STACK_GLOBAL
        const name = this.#pop();
        const module = this.#pop();
        if (typeof name !== 'string' || typeof module !== 'string')
          throw new PickleFault('its pickle names something with values that are no text');
        return void stack.push(globalOf(module, name));
      }
      case 0x52: // REDUCE
        return this.#reduce();
      case 0x92: // NEWOBJ_EX: arguments by name above those by place
        this.#pop();
        return this.#newObject();
      case 0x81: // NEWOBJ
        return this.#newObject();
      case 0x6f: {
        // OBJ: the class and the arguments above a mark
        const [made = null] = this.#popToMark();
        return this.#makeObject(made);
      }
      case 0x62: // BUILD
        return this.#build();
      case 0x51: // BINPERSID
        return this.#persistent(this.#pop());
      default:
        throw new PickleFault(
          `its pickle has operation 0x${code.toString(16).padStart(2, '0')} at byte ${bytes.at - 1}, which weights ` +
            `do not need`,
        );
    }
  }

  #skipBytes(lengthBytes: 1 | 4 | 8): void {
    this.#bytes.take(this.#bytes.unsigned(lengthBytes));
    this.#stack.push(new Opaque('bytes'));
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (isForeign(callee))
      return void this.#stack.push(new Opaque(callee.name, undefined, TENSOR_BUILDER.test(callee.name)));
    if (!(callee instanceof GlobalValue) || callee.apply === undefined)
      throw new PickleFault(
        `its pickle calls ${callee instanceof GlobalValue ? callee.name : 'something that has no name'}, which was ` +
          `not run`,
      );
    if (!Array.isArray(args)) throw new PickleFault(`its pickle calls ${callee.name} without arguments`);
    if (Array.isArray(args[0])) this.#charge(args[0].length);
    this.#stack.push(callee.apply(args));
  }

  #newObject(): void {
    this.#pop();
    this.#makeObject(this.#pop());
  }

  #makeObject(made: PickleValue): void {
    if (isForeign(made)) return void this.#stack.push(new Opaque(made.name));
    if (!(made instanceof GlobalValue) || made.moduleClass === undefined)
      throw new PickleFault(
        `its pickle makes an object of ${made instanceof GlobalValue ? made.name : 'something that has no name'}, ` +
          `which was refused`,
      );
    this.#stack.push(new ModuleObject(made.moduleClass));
  }

  /** Gives an object its attributes. Those of an OrderedDict (`_metadata` of a state dict) are left out. */
  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof ModuleObject || target instanceof Opaque) target.attributes = state;
    else if (!(target instanceof Map || target instanceof StridedTensor))
      throw new PickleFault('its pickle sets attributes of something that has none');
  }

  #persistent(id: PickleValue): void {
    const { value, storage } = persistentValue(id);
    if (storage !== undefined && !this.#storages.has(storage.key)) this.#storages.set(storage.key, storage);
    this.#stack.push(value);
  }

  #append(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (target instanceof Opaque) return;
    if (!Array.isArray(target)) throw new PickleFault('its pickle appends to something that is no list');
    for (const item of items) target.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    let target = this.#top();
    if (target instanceof Opaque) target = target.entries ??= new Map();
    if (!(target instanceof Map) || items.length % 2 !== 0)
      throw new PickleFault('its pickle sets entries of something that is no dictionary');
    for (let i = 0; i < items.length; i += 2) target.set(items[i], items[i + 1]);
  }

  #pop(): PickleValue {
    // Below a mark there is nothing to pop, as in Python.
    if (this.#stack.length === (this.#marks.at(-1) ?? 0))
      throw new PickleFault('its pickle takes a value from an empty stack');
    return this.#stack.pop()!;
  }

  #top(): PickleValue {
    if (this.#stack.length === 0) throw new PickleFault('its pickle uses the top of an empty stack');
    return this.#stack.at(-1)!;
  }

  #popToMark(): PickleValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw new PickleFault('its pickle ends a group that never began');
    return this.#stack.splice(mark);
  }

  #remembered(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw new PickleFault(`its pickle refers to value ${index}, which it never stored`);
    return value;
  }
}

/** A name of another program, or what came of one. */
function isForeign(value: PickleValue): value is GlobalValue | Opaque {
  return value instanceof Opaque || (value instanceof GlobalValue && !value.known);
}
