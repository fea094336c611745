import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { pickle, stateDictPickle, torchScriptPickle } from '../../../bench/pytorchWriter.ts';
import { encodeSafetensors, floats, joinSafetensors } from '../../support/safetensorsWriter.ts';
import { archiveOf, type ArchivedTensor, legacyOf } from './archives.ts';
import { clipTensors, dinoTensors, foreign, other, treePickle } from './publishedFiles.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/reference/clip/', import.meta.url));

const tensors: ArchivedTensor[] = [
  { name: 'visual.conv1.weight', dtype: 'F16', shape: [2, 3, 1, 1] },
  { name: 'b', dtype: 'F32', shape: [3, 2], strides: [1, 3] },
  { name: 'scale', dtype: 'I64', shape: [] },
];

/** A CLIP as a training program saves it, and what is pickled beside. */
const training = [...clipTensors('state_dict/module.'), other('state_dict/module.logit_bias', []), other('ema/w')];
const beside = { best: foreign.numpyScalar(), args: foreign.object('argparse', 'Namespace', { lr: pickle.int(1) }) };

/** Small files in which most bytes are structure, and one real file of each kind. */
const PYTORCH: readonly Buffer[] = [
  archiveOf(tensors),
  archiveOf(tensors, { deflate: true }),
  archiveOf(tensors, { zip64: true, pickle: torchScriptPickle }),
  readFileSync(join(fixtures, 'small_torchscript.pt')),
  archiveOf(training, { pickle: treePickle(beside) }),
];
const LEGACY: readonly Buffer[] = [
  legacyOf(tensors),
  legacyOf(training, { pickle: treePickle(beside) }),
  legacyOf(dinoTensors('teacher/backbone.', 8), { pickle: treePickle() }),
];
const SAFETENSORS: readonly Buffer[] = [
  encodeSafetensors(
    { 'visual.conv1.weight': floats([2, 3, 1, 1], new Float32Array(6)), b: floats([1, 2], new Float32Array(2)) },
    { activation: 'gelu' },
  ),
  encodeSafetensors({
    'vision_model.embeddings.patch_embedding.weight': floats([1], new Float32Array(1)),
    'visual_projection.weight': floats([2, 1], new Float32Array(2)),
  }),
  readFileSync(join(fixtures, 'small_hf.safetensors')).subarray(0, 20_000),
];

/** Values at which lengths and offsets go wrong. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One change of a file. Places are fractions of its length, or bytes from its end, where zip keeps its directory. */
const change = fc.record({
  kind: fc.constantFrom('flip', 'set', 'number', 'insert', 'delete', 'copy', 'cut'),
  at: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: -400, max: -1 })),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  value: fc.oneof(fc.constantFrom(...EDGES), fc.nat(0xffffffff)),
  length: fc.integer({ min: 1, max: 24 }),
});

function apply(
  bytes: Buffer,
  { kind, at, to, value, length }: { kind: string; at: number; to: number; value: number; length: number },
): Buffer {
  if (bytes.length === 0) return bytes;
  const place = at < 0 ? Math.max(0, bytes.length + at) : Math.min(bytes.length - 1, Math.floor(at * bytes.length));
  const other = Math.floor(to * bytes.length);
  switch (kind) {
    case 'flip':
      bytes[place] ^= 1 << (value & 7);
      return bytes;
    case 'set':
      bytes[place] = value;
      return bytes;
    case 'number':
      if (place + 4 <= bytes.length) bytes.writeUInt32LE(value, place);
      return bytes;
    case 'insert':
      return Buffer.concat([bytes.subarray(0, place), Buffer.alloc(length, value & 0xff), bytes.subarray(place)]);
    case 'delete':
      return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)]);
    case 'copy':
      bytes.copy(bytes, place, other, other + length);
      return bytes;
    default:
      return bytes.subarray(0, place);
  }
}

const changed = (seeds: readonly Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.nat(seeds.length - 1), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([seed, changes]) => changes.reduce(apply, Buffer.from(seeds[seed])));

/** Fragments from which pickles are strung together: every operation that is known, and some that are not. */
const fragment = fc.oneof(
  fc.constantFrom(
    ...['(', ')', ']', '}', 'N', 't', 'a', 'e', 's', 'u', 'R', 'b', 'Q', '0', '1', '.', '2', 'o', 'l', 'I1\n'].map(
      (code) => Buffer.from(code),
    ),
  ),
  fc.constantFrom(
    ...[
      [0x81],
      [0x85],
      [0x86],
      [0x87],
      [0x88],
      [0x89],
      [0x93],
      [0x94],
      [0x71, 0],
      [0x68, 0],
      [0x4b, 3],
      [0x8a, 1, 0x80],
      [0x8b, 1, 0, 0, 0, 0x80],
      [0x8b, 0xff, 0xff, 0xff, 0x7f],
      [0x8e, 1, 0, 0, 0, 0, 0, 0, 0, 7],
      [0x43, 1, 7],
      [0x55, 1, 0xff],
      [0x8f],
      [0x90],
      [0x91],
      [0x92],
      [0x80, 2],
    ].map((bytes) => Buffer.from(bytes)),
  ),
  fc.constantFrom(
    pickle.global('torch', 'FloatStorage'),
    pickle.global('collections', 'OrderedDict'),
    pickle.global('torch._utils', '_rebuild_tensor_v2'),
    pickle.global('__torch__', 'M'),
    pickle.global('os', 'system'),
    pickle.global('torch', 'QInt8Storage'),
    pickle.global('torch._tensor', '_rebuild_from_type_v2'),
    foreign.numpyScalar(),
    foreign.object('training', 'Net'),
    pickle.text('_modules'),
    pickle.text('module'),
    pickle.text('teacher'),
    pickle.text('storage'),
    pickle.text('state_dict'),
    pickle.tensor({ ...tensors[1], key: '1' }),
    stateDictPickle([{ ...tensors[0], key: '0' }]).subarray(2, -1),
  ),
  fc.integer({ min: -2, max: 100 }).map(pickle.int),
  fc.string({ maxLength: 4 }).map(pickle.text),
);
const strungPickles = fc
  .array(fragment, { maxLength: 40 })
  .map((parts) => archiveOf(tensors, { pickle: () => pickle.program(Buffer.concat(parts)) }));

/** The same in the format of before PyTorch 1.6, as any of its five pickles. */
const strungLegacy = fc
  .tuple(fc.array(fragment, { maxLength: 40 }), fc.constantFrom(1, 2, 3, 3, 3, 4))
  .map(([parts, place]) =>
    legacyOf(tensors, {
      pickles: (right) => right.map((own, at) => (at === place ? pickle.program(Buffer.concat(parts)) : own)),
    }),
  );

/** Changed pickles in whole archives, which the zip reader does not catch before. */
const changedPickles = fc.oneof(
  changed(
    [stateDictPickle, torchScriptPickle].map((write) =>
      write(tensors.map((tensor, key) => ({ ...tensor, key: `${key}` }))),
    ),
  ).map((bytes) => archiveOf(tensors, { pickle: () => bytes })),
  changed([treePickle(beside)(training.map((tensor, key) => ({ ...tensor, key: `${key}` })))]).map((bytes) =>
    archiveOf(training, { pickle: () => bytes }),
  ),
);

const jsonHeaders = fc
  .dictionary(
    fc.constantFrom(
      'visual.conv1.weight',
      'b',
      '__metadata__',
      '__proto__',
      'vision_model.embeddings.patch_embedding.weight',
    ),
    fc.oneof(
      fc.jsonValue(),
      fc.record({
        dtype: fc.constantFrom('F32', 'F16', 'I64'),
        shape: fc.array(fc.nat(3), { maxLength: 4 }),
        data_offsets: fc.tuple(fc.nat(40), fc.nat(40)),
      }),
    ),
  )
  .map((header) => joinSafetensors(header, new Uint8Array(32)));

/** Damaged and made-up weight files. */
export const damagedFiles: Record<string, fc.Arbitrary<Buffer>> = {
  'changed PyTorch archives': changed(PYTORCH),
  'changed pickles': changedPickles,
  'pickles strung together': strungPickles,
  'changed files from before PyTorch 1.6': changed(LEGACY),
  'pickles strung together, before 1.6': strungLegacy,
  'changed safetensors files': changed(SAFETENSORS),
  'safetensors headers': jsonHeaders,
};
