import { crc32, deflateRawSync } from 'node:zlib';
import type { StoredDType } from '../clip/checkpoint/checkpointFile.ts';

/** How one archive entry is written. */
export interface ZipOptions {
  deflate?: boolean;
  /** Put sizes and offsets into 64-bit fields even where 32 bits suffice. */
  zip64?: boolean;
}

/** Writes a zip archive piece by piece, as PyTorch does: stored entries whose bytes begin at multiples of 64. */
export class ZipWriter {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #directory: Buffer[] = [];
  #at = 0;

  constructor(sink: (bytes: Uint8Array) => void) {
    this.#sink = sink;
  }

  /** Appends an entry. */
  add(name: string, content: Uint8Array, options: ZipOptions = {}): void {
    const data = options.deflate === true ? deflateRawSync(content) : content;
    const nameBytes = Buffer.from(name);
    const padding = (64 - ((this.#at + 30 + nameBytes.length + 4) % 64)) % 64;
    const extra = Buffer.alloc(4 + padding);
    extra.write('FB', 'latin1');
    extra.writeUInt16LE(padding, 2);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(options.deflate === true ? 8 : 0, 8);
    local.writeUInt32LE(crc32(content), 14);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(nameBytes.length, 26);
    local.writeUInt16LE(extra.length, 28);

    const wide = Buffer.alloc(options.zip64 === true ? 28 : 0);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    local.copy(central, 8, 6, 28);
    if (options.zip64 === true) {
      wide.writeUInt16LE(1, 0);
      wide.writeUInt16LE(24, 2);
      wide.writeBigUInt64LE(BigInt(content.length), 4);
      wide.writeBigUInt64LE(BigInt(data.length), 12);
      wide.writeBigUInt64LE(BigInt(this.#at), 20);
    }
    central.writeUInt32LE(options.zip64 === true ? 0xffffffff : data.length, 20);
    central.writeUInt32LE(options.zip64 === true ? 0xffffffff : content.length, 24);
    central.writeUInt16LE(wide.length, 30);
    central.writeUInt32LE(options.zip64 === true ? 0xffffffff : this.#at, 42);
    this.#directory.push(central, nameBytes, wide);
    for (const part of [local, nameBytes, extra, data]) this.#write(part);
  }

  /** Writes the directory; with `zip64`, through the 64-bit end record. */
  finish(options: { zip64?: boolean } = {}): void {
    const directory = Buffer.concat(this.#directory);
    const count = this.#directory.length / 3;
    const start = this.#at;
    this.#write(directory);
    if (options.zip64 === true) {
      const record = Buffer.alloc(76);
      record.writeUInt32LE(0x06064b50, 0);
      record.writeBigUInt64LE(44n, 4);
      record.writeBigUInt64LE(BigInt(count), 24);
      record.writeBigUInt64LE(BigInt(count), 32);
      record.writeBigUInt64LE(BigInt(directory.length), 40);
      record.writeBigUInt64LE(BigInt(start), 48);
      record.writeUInt32LE(0x07064b50, 56);
      record.writeBigUInt64LE(BigInt(this.#at), 64);
      record.writeUInt32LE(1, 72);
      this.#write(record);
    }
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(options.zip64 === true ? 0xffff : count, 8);
    end.writeUInt16LE(options.zip64 === true ? 0xffff : count, 10);
    end.writeUInt32LE(options.zip64 === true ? 0xffffffff : directory.length, 12);
    end.writeUInt32LE(options.zip64 === true ? 0xffffffff : start, 16);
    this.#write(end);
  }

  #write(bytes: Uint8Array): void {
    this.#sink(bytes);
    this.#at += bytes.length;
  }
}

/** A tensor as the pickle describes it; the values are `data/KEY` of the archive. */
export interface PickledTensor {
  name: string;
  key: string;
  dtype: StoredDType;
  shape: readonly number[];
  /** In elements; default: row-major. */
  strides?: readonly number[];
  offset?: number;
  /** Elements of the storage; default: those of the shape. */
  count?: number;
}

const STORAGE_NAMES: Record<StoredDType, string> = {
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  F64: 'DoubleStorage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

/** Opcodes of protocol 2, as bytes to be concatenated. */
export const pickle = {
  int: (value: number) => {
    const bytes = Buffer.alloc(5);
    bytes.write('J', 'latin1');
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  text: (value: string) => {
    const bytes = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from('X'), length, bytes]);
  },
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  tuple: (items: readonly Buffer[]) => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]),
  dictionary: (entries: readonly (readonly [Buffer, Buffer])[]) =>
    Buffer.concat([Buffer.from('}('), ...entries.flat(), Buffer.from('u')]),
  call: (callee: Buffer, args: Buffer) => Buffer.concat([callee, args, Buffer.from('R')]),
  program: (value: Buffer) => Buffer.concat([Buffer.from([0x80, 2]), value, Buffer.from('.')]),
  tensor: ({ key, dtype, shape, strides, offset = 0, count }: PickledTensor, location = 'cpu') => {
    const storage = [
      pickle.text('storage'),
      pickle.global('torch', STORAGE_NAMES[dtype]),
      pickle.text(key),
      pickle.text(location),
      pickle.int(count ?? product(shape)),
    ];
    const rowMajor = shape.map((_, axis) => product(shape.slice(axis + 1)));
    const hooks = pickle.call(pickle.global('collections', 'OrderedDict'), Buffer.from(')'));
    return pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor_v2'),
      pickle.tuple([
        Buffer.concat([pickle.tuple(storage), Buffer.from('Q')]),
        pickle.int(offset),
        pickle.tuple(shape.map(pickle.int)),
        pickle.tuple((strides ?? rowMajor).map(pickle.int)),
        Buffer.from([0x89]),
        hooks,
      ]),
    );
  },
};

/** The pickle of a state dict, `torch.save(model.state_dict())`. */
export function stateDictPickle(tensors: readonly PickledTensor[], location?: string): Buffer {
  return pickle.program(
    pickle.dictionary(tensors.map((tensor) => [pickle.text(tensor.name), pickle.tensor(tensor, location)])),
  );
}

/**
 * The pickle of a TorchScript module whose sub-modules follow from the dots in the names; classes are called after the
 * attribute.
 */
export function torchScriptPickle(tensors: readonly PickledTensor[], location?: string): Buffer {
  const build = (prefix: string, className: string): Buffer => {
    const entries: (readonly [Buffer, Buffer])[] = [[pickle.text('training'), Buffer.from([0x89])]];
    const inside = tensors.filter(({ name }) => name.startsWith(prefix));
    for (const attribute of new Set(inside.map(({ name }) => name.slice(prefix.length).split('.')[0]))) {
      const own = inside.find(({ name }) => name === prefix + attribute);
      entries.push([
        pickle.text(attribute),
        own === undefined ? build(`${prefix}${attribute}.`, attribute) : pickle.tensor(own, location),
      ]);
    }
    return Buffer.concat([
      pickle.global('__torch__.clip.model', className),
      Buffer.from([0x29, 0x81]),
      pickle.dictionary(entries),
      Buffer.from('b'),
    ]);
  };
  return pickle.program(build('', 'CLIP'));
}

function product(extents: readonly number[]): number {
  return extents.reduce((all, extent) => all * extent, 1);
}
