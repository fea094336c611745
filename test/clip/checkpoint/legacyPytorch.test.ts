import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pickle, stateDictPickle } from '../../../bench/pytorchWriter.ts';
import { CheckpointError } from '../../../clip/checkpoint/checkpointFile.ts';
import { openCheckpoint, openRawCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { floatsToHalves } from '../../../engine/dtype.ts';
import { fileOf, legacyOf, type LegacyOptions, type ArchivedTensor } from './archives.ts';
import { clipTensors, foreign, other, SMALL, treePickle } from './publishedFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-legacy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (tensors: readonly ArchivedTensor[], options?: LegacyOptions) =>
  openRawCheckpoint(fileOf(folder, 'weights', legacyOf(tensors, options)));

/** The persistent id of a storage with a part of it, as the tensor library of before 0.5 wrote it. */
const storagePart = (count: number, start: number, length: number) =>
  Buffer.concat([
    pickle.tuple([
      pickle.text('storage'),
      pickle.global('torch', 'FloatStorage'),
      pickle.text('0'),
      pickle.text('cpu'),
      pickle.int(count),
      pickle.tuple([pickle.text('1'), pickle.int(start), pickle.int(length)]),
    ]),
    Buffer.from('Q'),
  ]);

describe('files from before PyTorch 1.6', () => {
  test('element types and views, read by offset', () => {
    const values = Float32Array.of(1.5, -2, 0.25);
    const file = open([
      { name: 'a', dtype: 'F32', shape: [3, 4] },
      { name: 'half', dtype: 'F16', shape: [3], bytes: new Uint8Array(floatsToHalves(values).buffer) },
      { name: 'long', dtype: 'I64', shape: [], bytes: new Uint8Array(BigInt64Array.of(-7n).buffer) },
      { name: 'none', dtype: 'F32', shape: [0], count: 0 },
      { name: 'transposed', dtype: 'F32', shape: [3, 2], strides: [1, 3], offset: 1, count: 7 },
    ]);
    expect(file.format).toBe('PyTorch before 1.6');
    expect(file.readRows('a', [2, 0])).toEqual(Float32Array.of(8, 9, 10, 11, 0, 1, 2, 3));
    expect(file.read('half')).toEqual(values);
    expect(file.read('long')).toEqual(Float32Array.of(-7));
    expect(file.read('none')).toEqual(new Float32Array(0));
    expect(file.read('transposed')).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
    expect(file.sha256()).toMatch(/^[0-9a-f]{64}$/);
    file.close();
    expect(() => file.read('a')).toThrow('was closed');
  });

  test('with protocol 4, which puts a frame around the magic number', () => {
    const framed = (pickles: readonly Buffer[]) => {
      const content = pickles[0].subarray(2);
      const head = Buffer.from([0x80, 4, 0x95, content.length, 0, 0, 0, 0, 0, 0, 0]);
      return [Buffer.concat([head, content]), ...pickles.slice(1)];
    };
    expect(open([other('w')], { pickles: framed }).read('w')).toEqual(Float32Array.of(0, 1));
  });

  test('a CLIP inside of what a training program saved', () => {
    const tensors = [...clipTensors('model/module.'), other('optimizer/state/0')];
    const file = openCheckpoint(
      fileOf(
        folder,
        'weights',
        legacyOf(tensors, { pickle: treePickle({ args: foreign.object('argparse', 'Namespace') }) }),
      ),
    );
    expect(inferConfig(file)).toEqual(SMALL);
    expect(file.selection).toMatchObject({ prefix: 'model.module.', leftOut: ['optimizer.state.0'] });
    const last = clipTensors().find(({ name }) => name === 'text_projection')!;
    expect(new Uint8Array(file.read('text_projection').buffer)).toEqual(last.bytes);
  });

  test('a part of a storage, and a class whose source was saved with it', () => {
    const part = pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor'),
      pickle.tuple([storagePart(6, 2, 3), pickle.int(1), pickle.tuple([pickle.int(2)]), pickle.tuple([pickle.int(1)])]),
    );
    const module = Buffer.concat([
      pickle.tuple([pickle.text('module'), pickle.global('model', 'Net'), pickle.text('a.py'), pickle.text('code')]),
      Buffer.from('Q'),
      Buffer.from([0x29, 0x81]),
      pickle.dictionary([[pickle.text('w'), part]]),
      Buffer.from('b'),
    ]);
    const file = open([other('w', [6])], { pickle: () => pickle.program(module) });
    expect(file.read('w')).toEqual(Float32Array.of(3, 4));
    const outside = pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor'),
      pickle.tuple([storagePart(6, 4, 3), pickle.int(0), pickle.tuple([]), pickle.tuple([])]),
    );
    expect(() =>
      open([other('w', [6])], { pickle: () => pickle.program(pickle.dictionary([[pickle.text('w'), outside]])) }),
    ).toThrow('a part of storage 0 that is not inside');
  });

  test('storages of types that are not read are passed over', () => {
    const tensors: ArchivedTensor[] = [{ name: 'q', dtype: 'I8', shape: [5] }, other('w', [3])];
    const renamed = (from: string) => (keyed: Parameters<typeof stateDictPickle>[0]) =>
      Buffer.from(stateDictPickle(keyed).toString('latin1').replace('CharStorage', from), 'latin1');
    const file = open(tensors, { pickle: renamed('QInt8Storage') });
    expect([...file.tensors.keys()]).toEqual(['w']);
    expect(file.read('w')).toEqual(Float32Array.of(0, 1, 2));
    expect(() => open(tensors, { pickle: renamed('NewStorage') })).toThrow(
      'tensor w cannot be found: storage 0 has elements of an unknown size',
    );
  });
});

describe('damaged files from before PyTorch 1.6', () => {
  const w = other('w', [2, 3]);
  const second = (value: Buffer) => ({
    pickles: ([first, , ...rest]: readonly Buffer[]) => [first, pickle.program(value), ...rest],
  });
  test.each<[string, LegacyOptions, string]>([
    ['another protocol', second(pickle.int(1000)), 'it does not have protocol 1001'],
    [
      'big-endian numbers',
      {
        pickles: ([magic, protocol, , ...rest]) => [
          magic,
          protocol,
          pickle.program(pickle.dictionary([[pickle.text('little_endian'), Buffer.from([0x89])]])),
          ...rest,
        ],
      },
      'its numbers are big-endian',
    ],
    [
      'no list of storages',
      { pickles: (all) => [...all.slice(0, 4), pickle.program(pickle.int(1))] },
      'no list of storages',
    ],
    ['a storage of another length', { count: (right) => right + 1 }, 'storage 0 has 7 elements, expected 6'],
    ['a storage of a negative length', { count: () => -1 }, 'storage 0 has -1 elements, expected 6'],
    [
      'a storage that is not listed',
      { pickles: (all) => [...all.slice(0, 4), pickle.program(Buffer.from(']'))] },
      'tensor w lies in storage 0, which is missing',
    ],
  ])('%s', (_, options, sentence) => {
    expect(() => open([w], options)).toThrow(sentence);
    expect(() => open([w], options)).toThrow('is a legacy PyTorch file from before version 1.6 and cannot be used');
  });

  test('a storage that is listed twice: what comes behind it cannot be found', () => {
    const keys = ['0', '0', '1'].map(pickle.text);
    const file = open([w, other('v')], { pickles: (all) => [...all.slice(0, 4), pickle.program(pickle.tuple(keys))] });
    expect(file.read('w')).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect(file.unusable?.get('v')?.reason).toBe('cannot be found: it lists storage 0 twice');
  });

  test('a structure of absurd size is not read', () => {
    const pickleOf = () => Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(17 << 20, 'N')]);
    expect(() => open([w], { pickle: pickleOf })).toThrow('more than 1000000 operations; at most 16777216 bytes');
  });

  test('cut anywhere: refused, or a tensor less, which a CLIP does not survive', () => {
    const bytes = legacyOf(clipTensors());
    const whole = openCheckpoint(fileOf(folder, 'weights', bytes));
    expect(inferConfig(whole)).toEqual(SMALL);
    for (let length = 0; length < bytes.length; length += 97) {
      const path = fileOf(folder, 'weights', bytes.subarray(0, length));
      expect(() => openCheckpoint(path), `${length}`).toThrow(CheckpointError);
    }
    const path = fileOf(folder, 'weights', bytes.subarray(0, bytes.length - 1));
    expect(() => openCheckpoint(path)).toThrow(/tensor \S+ cannot be found: the file ends inside storage \d+/);
  });
});
