import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  pickle,
  type PickledTensor,
  stateDictPickle,
  type ZipOptions,
  ZipWriter,
} from '../../../bench/pytorchWriter.ts';
import { elementCount, storedBytes } from '../../../clip/checkpoint/storedValues.ts';

/** A tensor and the bytes of its storage; the key is its place in the list. */
export type ArchivedTensor = Omit<PickledTensor, 'key'> & { bytes?: Uint8Array };

/** How an archive is written, and what is wrong with it. */
export interface ArchiveOptions extends ZipOptions {
  /** Default: the pickle of a state dict. */
  pickle?: (tensors: readonly PickledTensor[]) => Buffer;
  /** Entries besides the pickle and the storages. */
  extra?: Readonly<Record<string, string>>;
  root?: string;
}

/** The bytes of a zip archive. */
export function zipOf(
  entries: readonly (readonly [name: string, content: Uint8Array])[],
  options: ZipOptions = {},
): Buffer {
  const parts: Uint8Array[] = [];
  const zip = new ZipWriter((bytes) => parts.push(bytes));
  for (const [name, content] of entries) zip.add(name, content, options);
  zip.finish(options);
  return Buffer.concat(parts);
}

/** The bytes of a PyTorch archive of tensors; storages without bytes are filled with the numbers from 0. */
export function archiveOf(tensors: readonly ArchivedTensor[], options: ArchiveOptions = {}): Buffer {
  const root = options.root ?? 'archive/';
  const keyed = tensors.map((tensor, key) => ({ ...tensor, key: `${key}` }));
  const entries: [string, Uint8Array][] = [[`${root}data.pkl`, (options.pickle ?? stateDictPickle)(keyed)]];
  for (const { key, dtype, shape, count, bytes } of keyed)
    entries.push([`${root}data/${key}`, bytes ?? countingBytes(dtype, count ?? elementCount(shape))]);
  for (const [name, text] of Object.entries(options.extra ?? {})) entries.push([root + name, Buffer.from(text)]);
  return zipOf(entries, options);
}

/** How a file in the format of before PyTorch 1.6 is written, and what is wrong with it. */
export interface LegacyOptions {
  /** Default: the pickle of a state dict. */
  pickle?: (tensors: readonly PickledTensor[]) => Buffer;
  /** Default: the five that belong there, of which the fourth is that of `pickle`. */
  pickles?: (right: readonly Buffer[]) => readonly Buffer[];
  /** Number of elements that is written before a storage; default: as many as it has. */
  count?: (right: number, key: number) => number;
}

/** The bytes of a file as PyTorch wrote it before version 1.6; storages without bytes hold the numbers from 0. */
export function legacyOf(tensors: readonly ArchivedTensor[], options: LegacyOptions = {}): Buffer {
  const keyed = tensors.map((tensor, key) => ({ ...tensor, key: `${key}` }));
  const system: [Buffer, Buffer][] = [
    [pickle.text('protocol_version'), pickle.int(1001)],
    [pickle.text('little_endian'), Buffer.from([0x88])],
    [pickle.text('type_sizes'), pickle.dictionary([[pickle.text('short'), pickle.int(2)]])],
  ];
  const keys = Buffer.concat([Buffer.from(']('), ...keyed.map(({ key }) => pickle.text(key)), Buffer.from('e')]);
  const pickles = [
    pickle.program(Buffer.from('\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19', 'latin1')),
    pickle.program(Buffer.from([0x4d, 0xe9, 0x03])),
    pickle.program(pickle.dictionary(system)),
    (options.pickle ?? stateDictPickle)(keyed),
    pickle.program(keys),
  ];
  const storages = keyed.flatMap(({ dtype, shape, count = elementCount(shape), bytes }, key) => {
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(options.count?.(count, key) ?? count));
    return [length, bytes ?? countingBytes(dtype, count)];
  });
  return Buffer.concat([...(options.pickles?.(pickles) ?? pickles), ...storages]);
}

/** Writes bytes to a file of a folder and returns its path. */
export function fileOf(folder: string, name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function countingBytes(dtype: PickledTensor['dtype'], count: number): Uint8Array {
  if (dtype !== 'F32') return new Uint8Array(count * storedBytes(dtype));
  return new Uint8Array(Float32Array.from({ length: count }, (_, i) => i).buffer);
}
