/** Entries by which other programs' zip archives are known. */
const KNOWN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\.npy$/, 'a NumPy archive (.npz)'],
  [/^(\w+\/)?(model\.weights\.h5|config\.json)$/, 'a Keras model'],
  [/\.mlmodel$/, 'a Core ML package'],
  [/^[^/]+\/(archive_format|models\/[^/]+\.json)$/, 'an exported PyTorch program (.pt2), which holds a graph'],
  [/^[^/]+\/constants\.pkl$/, 'a TorchScript archive that was cut'],
  [/^META-INF\//, 'a Java archive'],
  [/\.(pt|pth|bin|ckpt|safetensors)$/i, 'an archive around a checkpoint, which has to be unpacked first'],
];

/** What a zip archive that PyTorch did not write is, as in `: it is a Keras model`; nothing where nobody knows. */
export function foreignZip(names: Iterable<string>): string {
  const all = [...names];
  const what = KNOWN.find(([pattern]) => all.some((name) => pattern.test(name)))?.[1];
  return what === undefined ? '' : `: it is ${what}`;
}
