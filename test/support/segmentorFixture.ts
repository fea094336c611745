import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readFixture } from './safetensors.ts';

/** One recorded call of the published segmentation pipeline: role -> key of a tensor. */
export interface SegmentorCase {
  name: string;
  function: string;
  parameters: Record<string, any>;
  inputs: Record<string, string>;
  outputs: Record<string, string>;
}

/** Absolute path of a file of `test/fixtures/segmentor`. */
export function segmentorPath(file: string): string {
  return fileURLToPath(new URL(`../fixtures/segmentor/${file}`, import.meta.url));
}

const tensors = readFixture(segmentorPath('segmentor.safetensors'));

/** The recorded cases whose name begins with this. */
export function segmentorCases(prefix: string): SegmentorCase[] {
  const all = JSON.parse(readFileSync(segmentorPath('cases.json'), 'utf8')) as SegmentorCase[];
  return all.filter((recorded) => recorded.name.startsWith(prefix));
}

/** A recorded tensor; the element type is the caller's to know. */
export function segmentorTensor<Data extends Float32Array | Int32Array | Uint8Array>(
  key: string,
): { shape: number[]; data: Data } {
  const tensor = tensors.get(key);
  if (tensor === undefined) throw new Error(`segmentor.safetensors has no tensor ${key}`);
  return { shape: tensor.shape, data: tensor.data as Data };
}

/** The largest absolute difference of two arrays of the same length; NaN if there is one anywhere. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`lengths differ: ${actual.length} and ${expected.length}`);
  let largest = 0;
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs(actual[index] - expected[index]);
    if (Number.isNaN(difference)) return NaN;
    largest = Math.max(largest, difference);
  }
  return largest;
}
