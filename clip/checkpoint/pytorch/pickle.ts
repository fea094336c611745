import { globalOf } from './globals.ts';
import { PickleFault } from './pickleFault.ts';
import { isCount } from './rebuildTensor.ts';
import { GlobalValue, ModuleObject, type PickleValue, StorageReference } from './values.ts';

/** Bounds what is built from a pickle; a checkpoint of 10,000 tensors with its optimizer has about 500,000. */
const MAX_OPERATIONS = 1_000_000;

/**
 * Reads a pickle as PyTorch writes it for weights. Nothing is executed or imported: an operation either builds a plain
 * value or is refused, and a name is either one of `globalOf` or refused.
 * Source: `Lib/pickletools.py` of Python 3.12 (opcodes of protocols 0 to 4); `torch/serialization.py` (persistent ids).
 * @throws PickleFault for anything else, for damaged bytes, and for absurdly many operations.
 */
export function readPickle(bytes: Uint8Array): PickleValue {
  return new PickleMachine(bytes).run();
}

class PickleMachine {
  readonly #bytes: Buffer;
  readonly #memo = new Map<number, PickleValue>();
  readonly #marks: number[] = [];
  readonly #stack: PickleValue[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): PickleValue {
    for (let count = 0; count < MAX_OPERATIONS; count++) {
      const code = this.#take(1).readUInt8(0);
      if (code === 0x2e) return this.#pop(); // STOP
      this.#step(code);
    }
    throw new PickleFault(`its pickle has more than ${MAX_OPERATIONS} operations`);
  }

  #step(code: number): void {
    const stack = this.#stack;
    switch (code) {
      case 0x80: {
        // PROTO
        const protocol = this.#take(1).readUInt8(0);
        if (protocol > 5) throw new PickleFault(`its pickle has protocol ${protocol}, expected at most 5`);
        return;
      }
      case 0x95: // FRAME: says how many bytes to read ahead
        this.#take(8);
        return;
      case 0x28: // MARK
        return void this.#marks.push(stack.length);
      case 0x30: // POP
        return void this.#pop();
      case 0x4e: // NONE
        return void stack.push(null);
      case 0x88: // NEWTRUE
        return void stack.push(true);
      case 0x89: // NEWFALSE
        return void stack.push(false);
      case 0x4b: // BININT1
        return void stack.push(this.#take(1).readUInt8(0));
      case 0x4d: // BININT2
        return void stack.push(this.#take(2).readUInt16LE(0));
      case 0x4a: // BININT
        return void stack.push(this.#take(4).readInt32LE(0));
      case 0x8a: // LONG1
        return void stack.push(signedInteger(this.#take(this.#take(1).readUInt8(0))));
      case 0x47: // BINFLOAT
        return void stack.push(this.#take(8).readDoubleBE(0));
      case 0x8c: // SHORT_BINUNICODE
        return void stack.push(this.#text(this.#take(1).readUInt8(0)));
      case 0x58: // BINUNICODE
        return void stack.push(this.#text(this.#take(4).readUInt32LE(0)));
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        return void stack.push([]);
      case 0x7d: // EMPTY_DICT
        return void stack.push(new Map());
      case 0x74: // TUPLE
      case 0x6c: // LIST
        return void stack.push(this.#popToMark());
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
        return this.#append(this.#popToMark());
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        return this.#setItems([this.#pop(), value]);
      }
      case 0x75: // SETITEMS
        return this.#setItems(this.#popToMark());
      case 0x71: // BINPUT
        return void this.#memo.set(this.#take(1).readUInt8(0), this.#top());
      case 0x72: // LONG_BINPUT
        return void this.#memo.set(this.#take(4).readUInt32LE(0), this.#top());
      case 0x94: // MEMOIZE
        return void this.#memo.set(this.#memo.size, this.#top());
      case 0x68: // BINGET
        return void stack.push(this.#remembered(this.#take(1).readUInt8(0)));
      case 0x6a: // LONG_BINGET
        return void stack.push(this.#remembered(this.#take(4).readUInt32LE(0)));
      case 0x63: // GLOBAL
        return void stack.push(globalOf(this.#line(), this.#line()));
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
      case 0x81: // NEWOBJ
        return this.#newObject();
      case 0x62: // BUILD
        return this.#build();
      case 0x51: // BINPERSID
        return void stack.push(storageOf(this.#pop()));
      default:
        throw new PickleFault(
          `its pickle has operation 0x${code.toString(16).padStart(2, '0')} at byte ${this.#at - 1}, which weights ` +
            `do not need`,
        );
    }
  }

  #reduce(): void {
    const args = this.#pop();
    const callee = this.#pop();
    if (!(callee instanceof GlobalValue) || callee.apply === undefined)
      throw new PickleFault(
        `its pickle calls ${callee instanceof GlobalValue ? callee.name : 'something that has no name'}, which was ` +
          `not run`,
      );
    if (!Array.isArray(args)) throw new PickleFault(`its pickle calls ${callee.name} without arguments`);
    this.#stack.push(callee.apply(args));
  }

  #newObject(): void {
    this.#pop();
    const made = this.#pop();
    if (!(made instanceof GlobalValue) || made.moduleClass === undefined)
      throw new PickleFault(
        `its pickle makes an object of ${made instanceof GlobalValue ? made.name : 'something that has no name'}, ` +
          `which was refused`,
      );
    this.#stack.push(new ModuleObject(made.moduleClass));
  }

  /** Gives a module its attributes. The attributes of an OrderedDict (`_metadata` of a state dict) are left out. */
  #build(): void {
    const state = this.#pop();
    const target = this.#top();
    if (target instanceof ModuleObject) target.attributes = state;
    else if (!(target instanceof Map)) throw new PickleFault('its pickle sets attributes of something that has none');
  }

  #append(items: readonly PickleValue[]): void {
    const target = this.#top();
    if (!Array.isArray(target)) throw new PickleFault('its pickle appends to something that is no list');
    for (const item of items) target.push(item);
  }

  #setItems(items: readonly PickleValue[]): void {
    const target = this.#top();
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

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new PickleFault('its pickle is cut');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #text(length: number): string {
    return this.#take(length).toString('utf8');
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw new PickleFault('its pickle is cut');
    const line = this.#text(end - this.#at);
    this.#at = end + 1;
    return line;
  }
}

/** Two's complement, little endian; beyond 2^53 rounded, which no length or offset that is accepted can be. */
function signedInteger(bytes: Buffer): number {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return Number(BigInt.asIntN(8 * bytes.length, value));
}

/**
 * The storage of a persistent id `('storage', type, key, location, count)`; the location (CPU or any GPU) does not
 * matter.
 */
function storageOf(id: PickleValue): StorageReference {
  if (!Array.isArray(id) || id[0] !== 'storage')
    throw new PickleFault('its pickle refers to something outside that is no storage');
  const [, type, key, , count] = id;
  if (!(type instanceof GlobalValue) || type.storageDType === undefined || typeof key !== 'string' || !isCount(count)) {
    throw new PickleFault('its pickle refers to a storage without a known type, key and length');
  }
  return new StorageReference(key, type.storageDType, count);
}
