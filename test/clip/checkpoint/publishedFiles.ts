import { pickle, type PickledTensor } from '../../../bench/pytorchWriter.ts';
import { randomCheckpoint } from '../../../bench/randomCheckpoint.ts';
import { type ClipConfig, expectedTensors } from '../../../clip/config.ts';
import { expectedDinoTensors } from '../../../clip/dino/dinoConfig.ts';
import type { ArchivedTensor } from './archives.ts';

/** The smallest CLIP that there can be, for files that stand for published ones. */
export const SMALL: ClipConfig = {
  vision: { width: 8, layers: 1, heads: 1, patch: 4, grid: 2 },
  text: { width: 8, layers: 1, heads: 1, vocabulary: 12, context: 7 },
  embedding: 4,
  activation: 'quickGelu',
};

/** The same with a text tower of two layers, so that it is larger. */
export const LARGER: ClipConfig = { ...SMALL, text: { ...SMALL.text, layers: 2 } };

/** The tensors of a CLIP with random values, under OpenAI's names behind a prefix. */
export function clipTensors(prefix = '', config: ClipConfig = SMALL): ArchivedTensor[] {
  const values = randomCheckpoint(config);
  return [...expectedTensors(config)].map(([name, shape]) => ({
    name: prefix + name,
    dtype: 'F32',
    shape,
    bytes: new Uint8Array(values.read(name).buffer),
  }));
}

/** The tensors of a DINO ViT behind a prefix; every value is that of its place. */
export function dinoTensors(prefix = '', width = 64): ArchivedTensor[] {
  const shapes = expectedDinoTensors({ width, layers: 1, heads: 1, patch: 4, grid: 2 });
  return [...shapes].map(([name, shape]) => ({ name: prefix + name, dtype: 'F32', shape }));
}

/** A tensor that is no part of a CLIP. */
export function other(name: string, shape: readonly number[] = [2]): ArchivedTensor {
  return { name, dtype: 'F32', shape };
}

/**
 * A pickle of dictionaries in dictionaries: a slash in a name ends the name of a dictionary. More entries come after
 * the tensors.
 */
export function treePickle(more: Readonly<Record<string, Buffer>> = {}) {
  return (tensors: readonly PickledTensor[]): Buffer => {
    const entries = new Map<string, Buffer>([
      ...tensors.map((tensor) => [tensor.name, pickle.tensor(tensor)] as const),
      ...Object.entries(more),
    ]);
    return pickle.program(dictionary(entries));
  };
}

function dictionary(entries: ReadonlyMap<string, Buffer>): Buffer {
  const own: [Buffer, Buffer][] = [];
  const nested = new Map<string, Map<string, Buffer>>();
  for (const [name, value] of entries) {
    const [first, ...rest] = name.split('/');
    if (rest.length === 0) own.push([pickle.text(first), value]);
    else nested.set(first, (nested.get(first) ?? new Map<string, Buffer>()).set(rest.join('/'), value));
  }
  for (const [name, inside] of nested) own.push([pickle.text(name), dictionary(inside)]);
  return pickle.dictionary(own);
}

/** Operations of pickles that weights do not need, as bytes to be concatenated. */
export const foreign = {
  /** `module.name(...)`. */
  call: (module: string, name: string, ...args: Buffer[]) =>
    pickle.call(pickle.global(module, name), pickle.tuple(args)),
  /** An object of a class, with attributes. */
  object: (module: string, name: string, attributes: Readonly<Record<string, Buffer>> = {}) =>
    Buffer.concat([
      pickle.global(module, name),
      Buffer.from([0x29, 0x81]),
      pickle.dictionary(Object.entries(attributes).map(([key, value]) => [pickle.text(key), value])),
      Buffer.from('b'),
    ]),
  /** `numpy.float64(0.5)`, as a training program saves its best accuracy. */
  numpyScalar: () =>
    foreign.call(
      'numpy.core.multiarray',
      'scalar',
      Buffer.concat([
        foreign.call('numpy', 'dtype', pickle.text('f8'), Buffer.from([0x89]), Buffer.from([0x88])),
        pickle.tuple([pickle.int(3), pickle.text('<'), Buffer.from('NNN'), pickle.int(-1), pickle.int(-1)]),
        Buffer.from('b'),
      ]),
      foreign.call('_codecs', 'encode', pickle.text('\0\0\0\0\0\0\u00e0?'), pickle.text('latin1')),
    ),
};
