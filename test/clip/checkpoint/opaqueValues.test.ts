import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pickle } from '../../../bench/pytorchWriter.ts';
import { openCheckpoint, openRawCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { archiveOf, type ArchivedTensor, fileOf, legacyOf } from './archives.ts';
import { clipTensors, foreign, other, SMALL, treePickle } from './publishedFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-opaque-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A value in whose name code would run, if anything here ran it. */
const harmful = foreign.call('os', 'system', pickle.text(`touch ${join(folder, 'ran')}`));
const text = pickle.text;
const short = (value: string) => Buffer.concat([Buffer.from([0x8c, value.length]), Buffer.from(value)]);

/** What training programs save beside the weights. */
const VALUES: Record<string, Buffer> = {
  'a numpy scalar': foreign.numpyScalar(),
  'a numpy array': Buffer.concat([
    foreign.call('numpy.core.multiarray', '_reconstruct', pickle.global('numpy', 'ndarray'), text('b')),
    pickle.tuple([pickle.int(1), Buffer.from([0x43, 4, 1, 2, 3, 4])]),
    Buffer.from('b'),
  ]),
  'the arguments of the run': foreign.object('argparse', 'Namespace', { lr: pickle.int(1), model: text('vit') }),
  'a path': foreign.call('pathlib', 'PosixPath', text('/'), text('data')),
  'an enum': foreign.call('training.modes', 'Mode', pickle.int(1)),
  'a function that is named only': pickle.global('torch.nn.functional', 'gelu'),
  'what a call of a call gives': pickle.call(foreign.call('operator', 'attrgetter', text('a')), pickle.tuple([])),
  'a dictionary with a default': Buffer.concat([
    foreign.call('collections', 'defaultdict', pickle.global('builtins', 'list')),
    Buffer.from('('),
    text('loss'),
    Buffer.from(']'),
    Buffer.from('u'),
  ]),
  'a list of a class of its own': Buffer.concat([
    foreign.object('omegaconf', 'ListConfig'),
    Buffer.from('('),
    pickle.int(1),
    pickle.int(2),
    Buffer.from('e'),
  ]),
  'a configuration that contains itself': Buffer.concat([
    pickle.global('omegaconf', 'DictConfig'),
    Buffer.from([0x29, 0x81, 0x71, 200]),
    pickle.dictionary([[text('_parent'), Buffer.from([0x68, 200])]]),
    Buffer.from('b'),
  ]),
  'sets, frozen ones, and bytes': Buffer.concat([
    Buffer.from([0x8f, 0x28]),
    pickle.int(1),
    Buffer.from([0x90, 0x30, 0x28]),
    pickle.int(1),
    Buffer.from([0x91, 0x30]),
    Buffer.from([0x96, 2, 0, 0, 0, 0, 0, 0, 0, 7, 7]),
  ]),
  'an object by keywords': Buffer.concat([
    pickle.global('datetime', 'timezone'),
    Buffer.from(')}'),
    Buffer.from([0x92]),
  ]),
  'an object of Python 2': Buffer.concat([
    Buffer.from('('),
    pickle.global('training', 'Meter'),
    pickle.int(1),
    Buffer.from('o}'),
    Buffer.from('b'),
  ]),
  'strings of Python 2': Buffer.concat([Buffer.from([0x55, 3, 0x61, 0xff, 0x62, 0x30, 0x54, 1, 0, 0, 0, 0x63])]),
  'a long number': Buffer.concat([Buffer.from([0x8b, 40, 0, 0, 0]), Buffer.alloc(40, 0x11)]),
  'a very long number': Buffer.concat([Buffer.from([0x8b, 0x10, 0x27, 0, 0]), Buffer.alloc(10_000, 0x11)]),
  'a name from the stack': Buffer.concat([short('numpy'), short('dtype'), Buffer.from([0x93])]),
  'a class called like a method of objects': foreign.object('constructor', '__proto__'),
  'something that would run': harmful,
};

describe('a value of another program keeps nobody from the weights', () => {
  test.each(Object.entries(VALUES))('%s', (_, value) => {
    const more = { best: value, 'deeper/inside': value, [`state_dict/beside`]: value };
    const tensors = clipTensors('state_dict/');
    for (const bytes of [
      archiveOf(tensors, { pickle: treePickle(more) }),
      legacyOf(tensors, { pickle: treePickle(more) }),
    ]) {
      const file = openCheckpoint(fileOf(folder, 'weights', bytes));
      expect(inferConfig(file)).toEqual(SMALL);
      expect(file.read('ln_final.weight')).toEqual(new Float32Array(8).fill(1));
      expect(file.selection?.leftOut).toEqual([]);
      file.close();
    }
  });

  test('one that is in its way is named', () => {
    const tensors = clipTensors().filter(({ name }) => name !== 'visual.proj');
    const refused = (value: Buffer) => {
      const path = fileOf(folder, 'weights', archiveOf(tensors, { pickle: treePickle({ 'visual.proj': value }) }));
      return () => openCheckpoint(path);
    };
    expect(refused(foreign.call('numpy.core.multiarray', '_reconstruct'))).toThrow(
      'cannot be used: tensor visual.proj is made by numpy.core.multiarray._reconstruct, which was not run',
    );
    expect(refused(harmful)).toThrow('tensor visual.proj is made by os.system, which was not run');
    expect(refused(foreign.call('torch._utils', '_rebuild_sparse_tensor'))).toThrow('_rebuild_sparse_tensor');
  });

  test('a file of nothing else is refused by what it names', () => {
    const refused = (value: Buffer) => () =>
      openCheckpoint(fileOf(folder, 'weights', archiveOf([other('w')], { pickle: () => pickle.program(value) })));
    expect(refused(harmful)).toThrow('names os.system, which weights do not need and which was not run');
    expect(refused(pickle.dictionary([[text('w'), foreign.numpyScalar()]]))).toThrow(
      'it holds no dictionary of tensors; w is made by numpy.core.multiarray.scalar, which was not run',
    );
    const w: ArchivedTensor = other('w');
    expect(() =>
      openRawCheckpoint(
        fileOf(folder, 'weights', archiveOf([w], { pickle: ([only]) => pickle.program(pickle.tensor(only)) })),
      ),
    ).toThrow('it holds no dictionary of tensors, only one of shape [2]');
  });

  test('a view that repeats elements, and a storage of a type that is not read, are left out', () => {
    const repeated = { ...other('mask', [100, 100]), strides: [0, 0], count: 1 };
    const tensors = [...clipTensors(), repeated];
    const file = openCheckpoint(fileOf(folder, 'weights', archiveOf(tensors)));
    expect(inferConfig(file)).toEqual(SMALL);
    expect(file.selection?.leftOut).toEqual(['mask']);
    const complex = (bytes: Buffer) =>
      Buffer.from(bytes.toString('latin1').replaceAll('FloatStorage', 'QInt8Storage'), 'latin1');
    expect(() =>
      openCheckpoint(
        fileOf(
          folder,
          'weights',
          archiveOf([other('w')], {
            pickle: (keyed) => complex(treePickle()(keyed)),
          }),
        ),
      ),
    ).toThrow('tensor w lies in a storage of type torch.QInt8Storage, which is not read');
  });

  test('nothing of it was run', () => {
    expect(() => openRawCheckpoint(join(folder, 'ran'))).toThrow('does not exist');
  });
});

describe('weights inside of what programs pickle', () => {
  const named = (tensors: readonly ArchivedTensor[], write: Parameters<typeof archiveOf>[1]) =>
    openCheckpoint(fileOf(folder, 'weights', archiveOf(tensors, write)));

  test('a module as a whole, with its parts apart', () => {
    const module = (name: string, parts: Record<string, Buffer>, modules: Record<string, Buffer>): Buffer => {
      const entries = (from: Record<string, Buffer>) =>
        pickle.dictionary(Object.entries(from).map(([key, value]) => [text(key), value]));
      return foreign.object('model', name, {
        training: Buffer.from([0x89]),
        _parameters: entries(parts),
        _buffers: entries({}),
        _modules: entries(modules),
      });
    };
    const tensors = clipTensors();
    const file = named(tensors, {
      pickle: (keyed) => {
        const build = (prefix: string, name: string): Buffer => {
          const inside = keyed.filter((tensor) => tensor.name.startsWith(prefix));
          const parts: Record<string, Buffer> = {};
          const modules: Record<string, Buffer> = {};
          for (const tensor of inside) {
            const [first, ...rest] = tensor.name.slice(prefix.length).split('.');
            if (rest.length === 0) parts[first] = pickle.tensor(tensor);
            else modules[first] ??= build(`${prefix}${first}.`, first === 'mlp' ? 'QuickGELU' : first);
          }
          return module(name, parts, modules);
        };
        return pickle.program(pickle.dictionary([[text('model'), build('', 'CLIP')]]));
      },
    });
    expect(file.format).toBe('PyTorch module');
    expect(file.moduleClasses?.has('QuickGELU')).toBe(true);
    expect(inferConfig(file)).toEqual(SMALL);
  });

  test('a dictionary of a class of its own, a list, and parameters with attributes', () => {
    const tensors = clipTensors();
    const file = named(tensors, {
      pickle: (keyed) => {
        const parameter = (tensor: (typeof keyed)[number]) =>
          foreign.call(
            'torch._tensor',
            '_rebuild_from_type_v2',
            pickle.global('torch._utils', '_rebuild_tensor_v2'),
            pickle.global('training', 'Weight'),
            // What follows the name of the function in a call of it.
            pickle.tensor(tensor).subarray(pickle.global('torch._utils', '_rebuild_tensor_v2').length, -1),
            Buffer.from('N'),
          );
        const entries = keyed.flatMap((tensor) => [text(tensor.name), parameter(tensor)]);
        const weights = Buffer.concat([
          foreign.object('easydict', 'EasyDict'),
          Buffer.from('('),
          ...entries,
          Buffer.from('u'),
        ]);
        return pickle.program(Buffer.concat([Buffer.from('('), weights, pickle.int(7), Buffer.from('l')]));
      },
    });
    expect(inferConfig(file)).toEqual(SMALL);
  });

  test('an OrderedDict as Python 2 wrote it, of pairs', () => {
    const file = named(clipTensors(), {
      pickle: (keyed) => {
        const pairs = keyed.map((tensor) =>
          Buffer.concat([Buffer.from(']('), text(tensor.name), pickle.tensor(tensor), Buffer.from('e')]),
        );
        const list = Buffer.concat([Buffer.from(']('), ...pairs, Buffer.from('e')]);
        return pickle.program(pickle.call(pickle.global('collections', 'OrderedDict'), pickle.tuple([list])));
      },
    });
    expect(inferConfig(file)).toEqual(SMALL);
  });

  test('names called like methods of objects are names', () => {
    const file = openRawCheckpoint(
      fileOf(
        folder,
        'weights',
        archiveOf([other('__proto__'), other('constructor'), other('a/toString')], {
          pickle: treePickle(),
        }),
      ),
    );
    expect([...file.tensors.keys()]).toEqual(['__proto__', 'constructor', 'a.toString']);
    expect(({} as Record<string, unknown>).toString).toBe(Object.prototype.toString);
  });
});
