import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { openSafetensors } from '../../clip/checkpoint/safetensors.ts';
import { completeVocabulary, overlayCheckpoint } from '../../conformance/reading/checkpointParts.ts';
import { floats, writeSafetensors, type WrittenTensor } from '../support/safetensorsWriter.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'rfclip-parts-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(
  name: string,
  tensors: Record<string, WrittenTensor>,
  metadata?: Record<string, string>,
): CheckpointFile {
  return openSafetensors(writeSafetensors(join(folder, name), tensors, metadata));
}

function integers(...values: number[]): WrittenTensor {
  return { dtype: 'I32', shape: [values.length], data: Int32Array.from(values) };
}

describe('overlayCheckpoint', () => {
  it('takes a tensor from the difference where it is there, else from the base', () => {
    const base = write(
      'base.safetensors',
      { x: floats([2], Float32Array.of(1, 2)), y: floats([1], Float32Array.of(3)) },
      { a: '1', b: '1' },
    );
    const delta = write('delta.safetensors', { x: floats([3], Float32Array.of(7, 8, 9)) }, { b: '2' });
    const merged = overlayCheckpoint(base, delta);
    expect(merged.metadata).toEqual({ a: '1', b: '2' });
    expect([...merged.tensors.keys()]).toEqual(['x', 'y']);
    expect(merged.tensors.get('x')!.shape).toEqual([3]);
    expect([...merged.read('x'), ...merged.read('y'), ...merged.readRows('x', [2])]).toEqual([7, 8, 9, 3, 9]);
    expect(new Set([merged.sha256(), base.sha256(), delta.sha256()]).size).toBe(3);
    merged.close();
    expect(() => base.read('y')).toThrow('was closed');
    expect(() => delta.read('x')).toThrow('was closed');
  });

  it('takes single elements from the difference too', () => {
    const base = write('elements.safetensors', { x: floats([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)) });
    const delta = write('changes.safetensors', {
      'x/indices': integers(4, 1),
      'x/values': floats([2], Float32Array.of(50, 20)),
    });
    const merged = overlayCheckpoint(base, delta);
    expect([...merged.tensors.keys()]).toEqual(['x']);
    expect([...merged.read('x')]).toEqual([1, 20, 3, 4, 50, 6]);
    expect([...merged.readRows('x', [2, 0])]).toEqual([50, 6, 1, 20]);
    expect(() => merged.readRows('x', [3])).toThrow('row 3 of x, which has 3');
    merged.close();
  });
});

describe('completeVocabulary', () => {
  it('presents the held embeddings as a whole table, and refuses rows it does not hold', () => {
    const held = write('vocabulary.safetensors', {
      y: floats([1], Float32Array.of(9)),
      'token_embedding.weight/rows': integers(3, 1),
      'token_embedding.weight/values': floats([2, 2], Float32Array.of(30, 31, 10, 11)),
    });
    const file = completeVocabulary(held, 5);
    expect([...file.tensors.keys()]).toEqual(['y', 'token_embedding.weight']);
    expect(file.tensors.get('token_embedding.weight')!.shape).toEqual([5, 2]);
    expect([...file.read('token_embedding.weight')]).toEqual([0, 0, 10, 11, 0, 0, 30, 31, 0, 0]);
    expect([...file.readRows('token_embedding.weight', [1, 3, 1])]).toEqual([10, 11, 30, 31, 10, 11]);
    expect(() => file.readRows('token_embedding.weight', [2])).toThrow(
      /vocabulary\.safetensors holds no embedding of token 2, only those of 2 recorded tokens$/,
    );
    expect([...file.read('y'), ...file.readRows('y', [0])]).toEqual([9, 9]);
    expect(file.sha256()).toBe(held.sha256());
    file.close();
    expect(() => held.read('y')).toThrow('was closed');
  });

  it('leaves a whole checkpoint as it is', () => {
    const whole = write('whole.safetensors', { y: floats([1], Float32Array.of(9)) });
    expect(completeVocabulary(whole, 5)).toBe(whole);
    whole.close();
  });
});
