import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { pickle, type PickledTensor, stateDictPickle, torchScriptPickle } from '../../../bench/pytorchWriter.ts';
import { CheckpointError } from '../../../clip/checkpoint/checkpointFile.ts';
import { openRawCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { archiveOf, type ArchivedTensor, type ArchiveOptions, fileOf, zipOf } from './archives.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-refused-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The error of opening bytes; that it is one of ours and names the file is checked here. */
function refusal(bytes: Uint8Array): CheckpointError {
  const path = fileOf(folder, 'weights', bytes);
  try {
    openRawCheckpoint(path).close();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).toContain(path);
    return error as CheckpointError;
  }
  throw new Error('it was opened');
}

const w: ArchivedTensor = { name: 'w', dtype: 'F32', shape: [2, 3] };
const program = (value: Buffer) => archiveOf([w], { pickle: () => pickle.program(value) });
const refusalOf = (tensors: readonly ArchivedTensor[], options?: ArchiveOptions) =>
  refusal(archiveOf(tensors, options)).message;
const emptyTuple = Buffer.from(')');

describe('pickles that are refused', () => {
  test.each([
    ['os', 'system'],
    ['builtins', 'eval'],
    ['posix', 'system'],
    ['numpy.core.multiarray', 'scalar'],
    ['torch', 'load'],
    ['torch._utils', '_rebuild_tensor_v2.__globals__'],
    ['__torch__x', 'C'],
    ['constructor', 'constructor'],
    ['collections', 'OrderedDict\u001b[31m'],
  ])('the name %s.%s is not looked up', (module, name) => {
    const error = refusal(program(pickle.call(pickle.global(module, name), pickle.tuple([pickle.text('echo')]))));
    expect(error.message).toContain(
      `names ${module}.${name.replace('\u001b', '\ufffd')}, which weights do not need and which was not run`,
    );
    expect(error.fix).toContain('safetensors');
  });

  test.each([
    ['an operation of other programs', Buffer.from('I5\n'), 'operation 0x49 at byte 2'],
    ['an instance by class (opcode i)', Buffer.from('(ios\nsystem\n'), 'operation 0x69'],
    ['an extension code', Buffer.from([0x82, 1]), 'operation 0x82'],
    ['no end', Buffer.from('}'), 'it holds no dictionary of tensors'],
    ['an empty stack', Buffer.from(''), 'takes a value from an empty stack'],
    [
      'a call of a dtype',
      pickle.call(pickle.global('torch', 'float32'), emptyTuple),
      'calls torch.float32, which was not run',
    ],
    ['a call of a number', pickle.call(pickle.int(3), emptyTuple), 'calls something that has no name'],
    [
      'an object of a function',
      Buffer.concat([pickle.global('collections', 'OrderedDict'), Buffer.from([0x29, 0x81])]),
      'makes an object of collections.OrderedDict',
    ],
    ['a value that was never stored', Buffer.from([0x68, 7]), 'refers to value 7'],
    ['a group that never began', Buffer.from('t'), 'ends a group that never began'],
    [
      'entries of a number',
      Buffer.concat([pickle.int(1), pickle.int(2), pickle.int(3), Buffer.from('s')]),
      'sets entries of something that is no dictionary',
    ],
    [
      'items of a number',
      Buffer.concat([pickle.int(1), pickle.int(2), Buffer.from('a')]),
      'appends to something that is no list',
    ],
    [
      'attributes of a number',
      Buffer.concat([pickle.int(1), pickle.int(2), Buffer.from('b')]),
      'sets attributes of something that has none',
    ],
    [
      'text longer than the pickle',
      Buffer.concat([Buffer.from('X'), Buffer.from([255, 255, 255, 255])]),
      'its pickle is cut',
    ],
    [
      'a storage outside of the archive',
      Buffer.concat([pickle.text('file'), Buffer.from('Q')]),
      'refers to something outside that is no storage',
    ],
    [
      'a storage of no type',
      Buffer.concat([
        pickle.tuple([pickle.text('storage'), pickle.int(1), pickle.text('0'), pickle.text('cpu'), pickle.int(6)]),
        Buffer.from('Q'),
      ]),
      'without a known type',
    ],
    ['a list alone', Buffer.from(']'), 'holds no dictionary of tensors'],
    [
      'an OrderedDict of numbers',
      pickle.call(pickle.global('collections', 'OrderedDict'), pickle.tuple([pickle.tuple([pickle.int(1)])])),
      'builds an OrderedDict of no pairs',
    ],
    [
      'a module without tensors',
      Buffer.concat([pickle.global('__torch__', 'M'), Buffer.from([0x29, 0x81])]),
      'its modules hold no tensors',
    ],
  ])('%s', (_, value, sentence) => {
    expect(refusal(program(value)).message).toContain(sentence);
  });

  test('modules that contain themselves', () => {
    const self = Buffer.concat([
      pickle.global('__torch__', 'M'),
      Buffer.from([0x29, 0x81, 0x71, 0]),
      pickle.dictionary([[pickle.text('self'), Buffer.from([0x68, 0])]]),
      Buffer.from('b'),
    ]);
    expect(refusal(program(self)).message).toContain('nested more than 32 deep');
  });

  test('modules that are reached in exponentially many ways', () => {
    let module = pickle.global('__torch__', 'M');
    module = Buffer.concat([module, Buffer.from([0x29, 0x81])]);
    for (let depth = 0; depth < 30; depth++) {
      module = Buffer.concat([
        pickle.global('__torch__', 'M'),
        Buffer.from([0x29, 0x81]),
        pickle.dictionary([
          [pickle.text('a'), Buffer.concat([module, Buffer.from([0x71, depth])])],
          [pickle.text('b'), Buffer.from([0x68, depth])],
        ]),
        Buffer.from('b'),
      ]);
    }
    expect(refusal(program(module)).message).toContain('more than 1000000 attributes');
  });

  test('absurdly many operations', () => {
    expect(refusal(program(Buffer.alloc(1_100_000, '}'))).message).toContain('more than 1000000 operations');
  });

  test('a pickle of absurd size is not even read', () => {
    expect(refusal(archiveOf([w], { pickle: () => Buffer.alloc((16 << 20) + 1) })).message).toContain(
      'at most 16777216 are read',
    );
  });
});

describe('tensors that are refused', () => {
  const cases: [string, ArchivedTensor, string][] = [
    ['more elements than the storage', { ...w, count: 5 }, 'which has 5 elements'],
    ['an offset beyond the storage', { ...w, offset: 7, count: 6 }, 'which has 6 elements'],
    ['strides beyond the storage', { ...w, strides: [4, 2] }, 'which has 6 elements'],
    [
      'one value repeated a billion times',
      { ...w, shape: [32768, 32768], strides: [0, 0], count: 1 },
      'which has 1 elements',
    ],
    [
      'a negative extent',
      { ...w, shape: [-2, 3], count: 6, bytes: new Uint8Array(24) },
      'without a valid offset, shape and strides',
    ],
    ['a negative stride', { ...w, strides: [-3, 1] }, 'without a valid offset, shape and strides'],
    ['strides of another rank', { ...w, strides: [1] }, 'without a valid offset, shape and strides'],
    ['nine axes', { ...w, shape: [1, 1, 1, 1, 1, 1, 1, 1, 6] }, 'at most 8 axes'],
    [
      'an entry shorter than the storage',
      { ...w, bytes: new Uint8Array(23) },
      'needs 24 bytes of entry archive/data/0, which has 23',
    ],
    ['an entry longer than the storage', { ...w, bytes: new Uint8Array(25) }, 'which has 25'],
  ];
  test.each(cases)('%s', (_, tensor, sentence) => expect(refusalOf([tensor])).toContain(sentence));

  test('a storage that is missing', () => {
    expect(refusalOf([w], { pickle: ([tensor]) => stateDictPickle([{ ...tensor, key: '../w' }]) })).toContain(
      'lies in entry archive/data/../w, which is missing',
    );
  });

  test('a storage read as two types', () => {
    const twice = (tensors: readonly PickledTensor[]) =>
      stateDictPickle([...tensors, { ...tensors[0], name: 'v', dtype: 'I32' }]);
    expect(refusalOf([w], { pickle: twice })).toContain('is read as F32 and as I32');
  });
});

describe('archives that are refused', () => {
  const good = archiveOf([w], { pickle: torchScriptPickle });
  const directory = good.indexOf(Buffer.from('PK\x01\x02'));

  test('zip files that PyTorch did not write', () => {
    expect(refusal(zipOf([['word/document.xml', Buffer.from('x')]])).message).toContain(
      'a zip archive without data.pkl',
    );
    expect(refusal(zipOf([['a/b/data.pkl', Buffer.from('x')]])).message).toContain('a zip archive without data.pkl');
  });

  test('big-endian weights', () =>
    expect(refusalOf([w], { extra: { byteorder: 'big' } })).toContain('has byte order "big", expected little'));

  test('a file cut anywhere', () => {
    for (let length = 0; length < good.length; length += 7) refusal(good.subarray(0, length));
    expect(refusal(good.subarray(0, good.length - 1)).message).toContain('has no end record, as if it had been cut');
  });

  const patched = (change: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(good);
    change(bytes);
    return refusal(bytes).message;
  };
  const end = good.length - 22;
  test.each([
    ['encrypted', (bytes: Buffer) => bytes.writeUInt16LE(1, directory + 8), 'is encrypted'],
    ['bzip2', (bytes: Buffer) => bytes.writeUInt16LE(12, directory + 10), 'has compression method 12'],
    ['stored with two sizes', (bytes: Buffer) => bytes.writeUInt32LE(1, directory + 24), 'but claims 1'],
    [
      'too long',
      (bytes: Buffer) => {
        bytes.writeUInt32LE(4000, directory + 20);
        bytes.writeUInt32LE(4000, directory + 24);
      },
      'its directory begins at',
    ],
    ['elsewhere', (bytes: Buffer) => bytes.writeUInt32LE(1, directory + 42), 'has no header at byte 1'],
    ['beyond the end', (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, directory + 42), 'lies at byte 2147483647'],
    [
      '64-bit without the field',
      (bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, directory + 42),
      'has no valid 64-bit sizes',
    ],
    ['one entry too many', (bytes: Buffer) => bytes.writeUInt16LE(3, end + 10), 'has no entry 2 of 3'],
    [
      'a directory beyond the end',
      (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, end + 16),
      'its directory claims bytes',
    ],
    [
      'a 64-bit directory that is not there',
      (bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, end + 16),
      'has no 64-bit end record',
    ],
    ['one disk of several', (bytes: Buffer) => bytes.writeUInt16LE(1, end + 4), 'is one part of several'],
  ])('entries that are %s', (_, change, sentence) => expect(patched(change)).toContain(sentence));

  test('an entry that occurs twice, or lies inside another', () => {
    expect(
      refusal(
        zipOf([
          ['a/data.pkl', Buffer.from('.')],
          ['a/data.pkl', Buffer.from('.')],
        ]),
      ).message,
    ).toContain('entry a/data.pkl occurs twice');
    const inner = zipOf([['b/data.pkl', Buffer.from('x')]]);
    const bytes = zipOf([
      ['outer', inner],
      ['b/data.pkl', Buffer.from('x')],
    ]);
    const second = bytes.lastIndexOf(Buffer.from('PK\x01\x02'));
    bytes.writeUInt32LE(bytes.indexOf(Buffer.from('b/data.pkl')) - 30, second + 42);
    expect(refusal(bytes).message).toContain('overlap');
  });

  test('a zip bomb, before it is inflated', () => {
    expect(refusal(zipOf([['a/data.pkl', Buffer.alloc(3_000_000)]], { deflate: true })).message).toMatch(
      /has \d+ bytes and inflates to 3000000, more than 200 times as many/,
    );
  });

  test('an entry that inflates to another size', () => {
    for (const claimed of [10, 1000]) {
      const bytes = archiveOf([w], { deflate: true });
      const at = bytes.indexOf(Buffer.from('PK\x01\x02'));
      bytes.writeUInt32LE(claimed, at + 24);
      expect(refusal(bytes).message).toMatch(
        /entry archive\/data.pkl (does not inflate to its 10 bytes|inflates to \d+ bytes, expected 1000)/,
      );
    }
    const bytes = archiveOf([w], { deflate: true });
    const data = deflateRawSync(stateDictPickle([{ ...w, key: '0' }]));
    bytes.fill(0xff, bytes.indexOf(data), bytes.indexOf(data) + 20);
    expect(refusal(bytes).message).toContain('entry archive/data.pkl does not inflate to its');
  });
});
