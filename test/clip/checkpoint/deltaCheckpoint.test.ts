import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CheckpointError } from '../../../clip/checkpoint/checkpointFile.ts';
import { openRawCheckpoint } from '../../../clip/checkpoint/openCheckpoint.ts';
import { floats, writeSafetensors, type WrittenTensor } from '../../support/safetensorsWriter.ts';

const folder = mkdtempSync(join(tmpdir(), 'rfclip-delta-'));
let sha256: string;

beforeAll(() => {
  writeSafetensors(join(folder, 'base.safetensors'), {
    a: floats([2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)),
    b: floats([2], Float32Array.of(7, 8)),
  });
  sha256 = shaOf(readFileSync(join(folder, 'base.safetensors')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shaOf = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const indices = (...data: number[]): WrittenTensor => ({
  dtype: 'I32',
  shape: [data.length],
  data: Int32Array.from(data),
});
const values = (...data: number[]) => floats([data.length], Float32Array.from(data));

function deltaOf(tensors: Record<string, WrittenTensor>, metadata: Record<string, string> = {}): string {
  return writeSafetensors(join(folder, 'delta.safetensors'), tensors, {
    delta_base: 'base.safetensors',
    delta_base_sha256: sha256,
    name: 'changed',
    ...metadata,
  });
}

function problem(tensors: Record<string, WrittenTensor>, metadata: Record<string, string> = {}): string {
  try {
    openRawCheckpoint(deltaOf(tensors, metadata)).close();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return (error as CheckpointError).message.replaceAll(join(folder, '/'), '');
  }
  throw new Error('it was opened');
}

test('is the other file with its changes, under a SHA-256 of its own', () => {
  const path = deltaOf({ 'a/index': indices(1, 5), 'a/value': values(-1, -5) });
  const file = openRawCheckpoint(path);
  try {
    expect([...file.read('a')]).toEqual([0, -1, 2, 3, 4, -5]);
    expect([...file.readRows('a', [1])]).toEqual([3, 4, -5]);
    expect([...file.readRows('b', [1])]).toEqual([8]);
    expect([...file.read('b')]).toEqual([7, 8]);
    expect([...file.tensors.keys()]).toEqual(['a', 'b']);
    expect(file.changes).toBe(join(folder, 'base.safetensors'));
    // What it is made of is not passed on to files that are made of it.
    expect(file.metadata).toEqual({ name: 'changed' });
    expect(file.sha256()).toBe(shaOf(sha256 + shaOf(readFileSync(path))));
    expect(() => file.read('c')).toThrow(CheckpointError);
    expect(() => file.readRows('a', [2])).toThrow('row 2 of a, which has 2');
  } finally {
    file.close();
  }
});

test('a base that is elsewhere, missing or another one', () => {
  const right = { 'b/index': indices(0), 'b/value': values(1) };
  for (const name of ['../base.safetensors', '/etc/passwd', '..', '', 'delta.safetensors'])
    expect(problem(right, { delta_base: name })).toBe(
      `checkpoint delta.safetensors changes "${name}", expected the name of a file beside it`,
    );
  expect(problem(right, { delta_base: 'none.safetensors' })).toContain('none.safetensors does not exist');
  expect(problem(right, { delta_base_sha256: 'abc' })).toBe(
    `checkpoint delta.safetensors changes a file of SHA-256 abc, base.safetensors has ${sha256}`,
  );
});

test('changes that do not fit', () => {
  const start = 'checkpoint delta.safetensors does not fit base.safetensors: tensor ';
  expect(problem({ b: values(1) })).toBe(`${start}b changes none of its tensors`);
  expect(problem({ 'c/index': indices(0), 'c/value': values(1) })).toBe(`${start}c/index changes none of its tensors`);
  expect(problem({ 'b/index': indices(0) })).toBe(`${start}b has no index or no value`);
  expect(problem({ 'b/index': indices(0), 'b/value': values(1, 2) })).toBe(`${start}b has 1 index and 2 values`);
  for (const at of [2, -1])
    expect(problem({ 'b/index': indices(at), 'b/value': values(1) })).toBe(
      `${start}b has 2 elements and no index ${at}`,
    );
});
