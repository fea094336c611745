import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pickle, stateDictPickle, torchScriptPickle } from '../../../bench/pytorchWriter.ts';
import { openRawCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { floatsToHalves } from '../../../engine/dtype.ts';
import { archiveOf, type ArchivedTensor, type ArchiveOptions, fileOf } from './archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-pytorch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (tensors: readonly ArchivedTensor[], options?: ArchiveOptions) =>
  openRawCheckpoint(fileOf(folder, 'weights', archiveOf(tensors, options)));
const counting = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

describe('PyTorch archives', () => {
  test.each([
    ['stored', {}],
    ['deflated', { deflate: true }],
    ['with 64-bit fields', { zip64: true }],
    ['without a folder', { root: '' }],
    ['naming CUDA storages', { pickle: (tensors) => stateDictPickle(tensors, 'cuda:0') }],
    ['with the byte order', { extra: { byteorder: 'little' } }],
    ['of a TorchScript module', { pickle: torchScriptPickle }],
  ] as [string, ArchiveOptions][])('%s', (_, options) => {
    const file = open(
      [
        { name: 'a.weight', dtype: 'F32', shape: [3, 4] },
        { name: 'b', dtype: 'F32', shape: [] },
      ],
      options,
    );
    expect([...file.tensors.keys()]).toEqual(['a.weight', 'b']);
    expect(file.tensors.get('a.weight')).toMatchObject({ name: 'a.weight', dtype: 'F32', shape: [3, 4] });
    expect(file.read('a.weight')).toEqual(counting(12));
    expect(file.readRows('a.weight', [2, 0, 1])).toEqual(Float32Array.of(8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7));
    expect(file.read('b')).toEqual(Float32Array.of(0));
  });

  test('element types are read exactly', () => {
    const values = Float32Array.of(1.5, -0.0, Infinity, 2 ** -24, 65504, -3.140625);
    const bits = new Uint32Array(values.buffer);
    const file = open([
      { name: 'f16', dtype: 'F16', shape: [6], bytes: new Uint8Array(floatsToHalves(values).buffer) },
      {
        name: 'bf16',
        dtype: 'BF16',
        shape: [6],
        bytes: new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer),
      },
      { name: 'f64', dtype: 'F64', shape: [6], bytes: new Uint8Array(Float64Array.from(values).buffer) },
      { name: 'i64', dtype: 'I64', shape: [2], bytes: new Uint8Array(BigInt64Array.of(-7n, 3n).buffer) },
    ]);
    expect(file.read('f16')).toEqual(values);
    expect(file.read('bf16')).toEqual(Float32Array.of(1.5, -0.0, Infinity, 2 ** -24, 65280, -3.140625));
    expect(file.read('f64')).toEqual(values);
    expect(file.read('i64')).toEqual(Float32Array.of(-7, 3));
  });

  test('views of a storage: offset, transposed, with gaps, of no elements', () => {
    const file = open([
      { name: 'offset', dtype: 'F32', shape: [2, 2], offset: 3, count: 8 },
      { name: 'transposed', dtype: 'F32', shape: [3, 2], strides: [1, 3], count: 6 },
      { name: 'gaps', dtype: 'F32', shape: [2, 1, 2], strides: [5, 77, 2], offset: 1, count: 12 },
      { name: 'none', dtype: 'F32', shape: [0, 4], count: 0 },
    ]);
    expect(file.read('offset')).toEqual(Float32Array.of(3, 4, 5, 6));
    expect(file.readRows('offset', [1])).toEqual(Float32Array.of(5, 6));
    expect(file.read('transposed')).toEqual(Float32Array.of(0, 3, 1, 4, 2, 5));
    expect(file.readRows('transposed', [2, 0])).toEqual(Float32Array.of(2, 5, 0, 3));
    expect(file.read('gaps')).toEqual(Float32Array.of(1, 3, 6, 8));
    expect(file.read('none')).toEqual(new Float32Array(0));
  });

  test('weights nested as training programs save them, beside an optimiser, in an OrderedDict with attributes', () => {
    const file = open([{ name: 'w', dtype: 'F32', shape: [2] }], {
      pickle: ([tensor]) => {
        const ordered = pickle.call(pickle.global('collections', 'OrderedDict'), Buffer.from(')'));
        const parameter = pickle.call(
          pickle.global('torch._utils', '_rebuild_parameter'),
          pickle.tuple([pickle.tensor(tensor), Buffer.from([0x88]), ordered]),
        );
        const weights = Buffer.concat([
          ordered,
          Buffer.from('('),
          pickle.text('module.w'),
          parameter,
          Buffer.from('u'),
          pickle.dictionary([[pickle.text('_metadata'), ordered]]),
          Buffer.from('b'),
        ]);
        return pickle.program(
          pickle.dictionary([
            [pickle.text('epoch'), pickle.int(-3)],
            [pickle.text('seed'), Buffer.from([0x8a, 2, 0xff, 0x7f])],
            [pickle.text('lr'), Buffer.from([0x47, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0])],
            [pickle.text('dtype'), pickle.global('torch', 'float16')],
            [pickle.text('state_dict'), weights],
          ]),
        );
      },
    });
    expect([...file.tensors.keys()]).toEqual(['module.w']);
    expect(file.read('module.w')).toEqual(Float32Array.of(0, 1));
  });

  test('protocol 4, with frames, memoised values and names from the stack', () => {
    const short = (text: string) => Buffer.concat([Buffer.from([0x8c, text.length]), Buffer.from(text)]);
    const name = (module: string, member: string) =>
      Buffer.concat([short(module), short(member), Buffer.from([0x93, 0x94])]);
    const storage = Buffer.concat([
      Buffer.from('('),
      short('storage'),
      name('torch', 'FloatStorage'),
      short('0'),
      short('cpu'),
      Buffer.from([0x4b, 4, 0x74, 0x51]),
    ]);
    const tensor = Buffer.concat([
      name('torch._utils', '_rebuild_tensor_v2'),
      Buffer.from('('),
      storage,
      Buffer.from([0x4b, 0, 0x4b, 2, 0x4b, 2, 0x86, 0x4b, 2, 0x4b, 1, 0x86, 0x89, 0x4e, 0x74, 0x52]),
    ]);
    const program = Buffer.concat([
      Buffer.from([0x80, 4, 0x95, 1, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from('}'),
      short('w'),
      tensor,
      Buffer.from('s.'),
    ]);
    const file = open([{ name: 'w', dtype: 'F32', shape: [2, 2] }], { pickle: () => program });
    expect(file.read('w')).toEqual(counting(4));
  });
});
