import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckpointFile, StoredDType } from '../../../clip/checkpoint/checkpointFile.ts';
import { openSafetensors } from '../../../clip/checkpoint/safetensors.ts';
import { expectEqual } from '../../support/compare.ts';
import {
  encodeSafetensors,
  floats,
  joinSafetensors,
  type StoredArray,
  writeSafetensors,
  type WrittenTensor,
} from '../../support/safetensorsWriter.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rfclip-safetensors-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open(tensors: Record<string, WrittenTensor>, metadata?: Record<string, string>): CheckpointFile {
  return openSafetensors(writeSafetensors(join(folder, 'file.safetensors'), tensors, metadata));
}

/** The value of half-precision bits by the definition of the format: IEEE 754, 5 exponent bits, 10 fraction bits. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('openSafetensors', () => {
  it.each<[StoredDType, StoredArray, number[]]>([
    [
      'F32',
      Float32Array.of(0, -1.5, 3.4e38, 1e-45, NaN, -Infinity),
      [0, -1.5, Math.fround(3.4e38), 2 ** -149, NaN, -Infinity],
    ],
    [
      'F64',
      Float64Array.of(0, 1 / 3, -1e300, 16777217, 5e-324, NaN),
      [0, Math.fround(1 / 3), -Infinity, 16777216, 0, NaN],
    ],
    ['F16', Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x0001, 0x7c00, 0x7bff), [0, 1, -2, 2 ** -24, Infinity, 65504]],
    [
      'BF16',
      Uint16Array.of(0x0000, 0x3f80, 0xc000, 0x0001, 0xff80, 0x4049),
      [0, 1, -2, 2 ** -133, -Infinity, 3.140625],
    ],
    [
      'I64',
      BigInt64Array.of(0n, -1n, 2n ** 62n, -(2n ** 63n), 16777217n, 7n),
      [0, -1, 2 ** 62, -(2 ** 63), 16777216, 7],
    ],
    ['I32', Int32Array.of(0, -1, 2147483647, -2147483648, 16777217, 7), [0, -1, 2147483648, -2147483648, 16777216, 7]],
    ['I16', Int16Array.of(0, -1, 32767, -32768, 256, 7), [0, -1, 32767, -32768, 256, 7]],
    ['I8', Int8Array.of(0, -1, 127, -128, 16, 7), [0, -1, 127, -128, 16, 7]],
    ['U8', Uint8Array.of(0, 1, 127, 128, 255, 7), [0, 1, 127, 128, 255, 7]],
    ['BOOL', Uint8Array.of(0, 1, 0, 1, 1, 0), [0, 1, 0, 1, 1, 0]],
  ])('reads %s as float32, whole and by rows', (dtype, data, expected) => {
    // The byte before makes every element lie at an odd offset of the file.
    const file = open({
      odd: { dtype: 'U8', shape: [1], data: Uint8Array.of(9) },
      values: { dtype, shape: [3, 2], data },
    });
    expect(file.tensors.get('values')).toMatchObject({ name: 'values', dtype, shape: [3, 2] });
    expect([...file.read('values')]).toEqual(expected);
    expect([...file.readRows('values', [2, 0, 0])]).toEqual([
      ...expected.slice(4),
      ...expected.slice(0, 2),
      ...expected.slice(0, 2),
    ]);
    file.close();
  });

  it('reads all 65536 halves and all 65536 brain floats exactly', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const file = open({
      half: { dtype: 'F16', shape: [65536], data: bits },
      brain: { dtype: 'BF16', shape: [65536], data: bits },
    });
    expectEqual(file.read('half'), Float32Array.from(bits, halfValue));
    const widened = new Float32Array(Uint32Array.from(bits, (value) => value * 65536).buffer);
    expectEqual(file.read('brain'), widened);
    file.close();
  });

  it('keeps names, order, metadata, empty tensors and single values', () => {
    const file = open(
      {
        'b.weight': floats([0, 3], new Float32Array(0)),
        'a/Ä "x"': floats([], Float32Array.of(2.5)),
        __proto: floats([1, 1, 2], Float32Array.of(3, 4)),
      },
      { distraction_dimensions: '[1]', format: 'pt' },
    );
    expect([...file.tensors.keys()]).toEqual(['b.weight', 'a/Ä "x"', '__proto']);
    expect(file.metadata).toEqual({ distraction_dimensions: '[1]', format: 'pt' });
    expect([...file.read('b.weight')]).toEqual([]);
    expect([...file.readRows('b.weight', [])]).toEqual([]);
    expect([...file.read('a/Ä "x"')]).toEqual([2.5]);
    expect([...file.readRows('__proto', [0])]).toEqual([3, 4]);
    file.close();
  });

  it('allows gaps between tensors and bytes after the last one', () => {
    const path = join(folder, 'gaps.safetensors');
    const header = {
      x: { dtype: 'U8', shape: [1], data_offsets: [5, 6] },
      y: { dtype: 'U8', shape: [2], data_offsets: [1, 3] },
    };
    writeFileSync(path, joinSafetensors(header, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)));
    const file = openSafetensors(path);
    expect([file.read('x'), file.read('y')].map((values) => [...values])).toEqual([[5], [1, 2]]);
    file.close();
  });

  it('reads a tensor of several megabytes of halves', () => {
    const data = Uint16Array.from({ length: 2 ** 20 + 1 }, (_, i) => 0x3c00 + (i % 1000));
    const file = open({ large: { dtype: 'F16', shape: [data.length], data } });
    expectEqual(file.read('large'), Float32Array.from(data, halfValue));
    file.close();
  });

  it('hashes the bytes of the file', () => {
    const tensors = { x: floats([300_000], new Float32Array(300_000).fill(1)) };
    const file = open(tensors);
    const expected = createHash('sha256').update(encodeSafetensors(tensors)).digest('hex');
    expect([file.sha256(), file.sha256()]).toEqual([expected, expected]);
    file.close();
  });
});
