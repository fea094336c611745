import type { CheckpointFile } from '../checkpointFile.ts';

/**
 * What wrappers put into the middle of names: sharded training, activation checkpointing, `torch.compile` of a block,
 * data-parallel training of a tower. Source: `torch/distributed/fsdp` and `checkpoint_wrapper.py` of PyTorch 2.6.
 */
const INNER = /(_fsdp_wrapped_module|_checkpoint_wrapped_module|_orig_mod|(?<=(^|\.)(visual|transformer)\.)module)\./g;

/** A name, or a beginning of one, without what wrappers put into it. */
export function withoutWrappers(name: string): string {
  return name.replace(INNER, '');
}

/** A weight file whose names are free of wrappers in their middle; the same file where no name has any. */
export function withoutInnerWrappers(file: CheckpointFile): CheckpointFile {
  const originalOf = new Map<string, string>();
  for (const name of [...file.tensors.keys(), ...(file.unusable?.keys() ?? [])]) {
    const plain = withoutWrappers(name);
    if (plain !== name && !file.tensors.has(plain) && !originalOf.has(plain)) originalOf.set(plain, name);
  }
  if (originalOf.size === 0) return file;
  const plainOf = new Map([...originalOf].map(([plain, original]) => [original, plain]));
  const rename = <Entry>(entries: ReadonlyMap<string, Entry>) =>
    new Map([...entries].map(([name, entry]) => [plainOf.get(name) ?? name, entry]));
  const original = (name: string) => originalOf.get(name) ?? name;
  const { path, format, naming, moduleClasses, main, metadata } = file;
  return {
    path,
    format,
    naming,
    moduleClasses,
    main,
    metadata,
    unusable: rename(file.unusable ?? new Map()),
    tensors: new Map([...rename(file.tensors)].map(([name, tensor]) => [name, { ...tensor, name }])),
    read: (name) => file.read(original(name)),
    readRows: (name, rows) => file.readRows(original(name), rows),
    sha256: () => file.sha256(),
    close: () => file.close(),
  };
}
