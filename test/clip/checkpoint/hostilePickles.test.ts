import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { pickle } from '../../../bench/pytorchWriter.ts';
import { openCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { inferConfig } from '../../../clip/config.ts';
import { joinSafetensors } from '../../support/safetensorsWriter.ts';
import { archiveOf, fileOf } from './archives.ts';
import { clipTensors, foreign, SMALL, treePickle } from './publishedFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { text } = pickle;

test('many values of another program keep nobody from the weights', () => {
  const objects = Array.from({ length: 12_000 }, (_, i) => [text(`${i}`), foreign.object('a', 'B')] as const);
  const path = fileOf(
    folder,
    'weights',
    archiveOf(clipTensors('state_dict/'), { pickle: treePickle({ log: pickle.dictionary(objects) }) }),
  );
  expect(inferConfig(openCheckpoint(path))).toEqual(SMALL);
});

test('absurdly many tensors are refused before a network is looked for among them', () => {
  const header = Object.fromEntries(
    Array.from({ length: 100_001 }, (_, i) => [`${i}`, { dtype: 'F32', shape: [0], data_offsets: [0, 0] }]),
  );
  const path = fileOf(folder, 'weights', joinSafetensors(header, new Uint8Array(0)));
  expect(() => openCheckpoint(path)).toThrow('has 100001 tensors, at most 100000 are looked at');
});

describe('hostile values take neither time nor memory', () => {
  const within = (milliseconds: number, value: Buffer) => {
    const path = fileOf(
      folder,
      'weights',
      archiveOf(clipTensors('state_dict/'), { pickle: treePickle({ more: value }) }),
    );
    const started = performance.now();
    const file = openCheckpoint(path);
    expect(inferConfig(file)).toEqual(SMALL);
    file.close();
    expect(performance.now() - started).toBeLessThan(milliseconds);
  };

  test('dictionaries that are reached in exponentially many ways', () => {
    const parts: Buffer[] = [Buffer.from('}')];
    for (let depth = 0; depth < 200; depth++)
      parts.push(
        Buffer.from([0x71, depth]),
        Buffer.from('0}('),
        text('a'),
        Buffer.from([0x68, depth]),
        text('b'),
        Buffer.from([0x68, depth]),
        Buffer.from('u'),
      );
    within(3000, Buffer.concat(parts));
  });

  test('a tensor in every one of many dictionaries, under a name of megabytes', () => {
    const name = text('x'.repeat(4_000_000));
    const again = Buffer.concat([Buffer.from('}'), Buffer.from([0x68, 1, 0x68, 2, 0x73])]);
    const tensor = Buffer.concat([pickle.tensor({ key: '0', name: '', dtype: 'F32', shape: [8, 3, 4, 4] })]);
    const list = Buffer.concat([
      name,
      Buffer.from([0x71, 1, 0x30]),
      tensor,
      Buffer.from([0x71, 2, 0x30]),
      Buffer.from(']('),
      ...Array.from({ length: 20_000 }, () => again),
      Buffer.from('e'),
    ]);
    within(5000, list);
  });

  test('a list that an OrderedDict is made of again and again', () => {
    const pair = Buffer.concat([Buffer.from(']('), pickle.int(1), pickle.int(2), Buffer.from('e')]);
    const list = Buffer.concat([Buffer.from(']('), ...Array.from({ length: 2000 }, () => pair), Buffer.from('e')]);
    const ordered = pickle.call(
      pickle.global('collections', 'OrderedDict'),
      Buffer.concat([Buffer.from([0x68, 9]), Buffer.from([0x85])]),
    );
    const value = Buffer.concat([
      list,
      Buffer.from([0x71, 9, 0x30]),
      Buffer.from(']('),
      ...Array.from({ length: 10_000 }, () => ordered),
      Buffer.from('e'),
    ]);
    expect(() => within(5000, value)).toThrow('more than 1000000 operations');
  });
});
