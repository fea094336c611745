import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PickledTensor, stateDictPickle, type ZipOptions, ZipWriter } from '../../../bench/pytorchWriter.ts';
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
