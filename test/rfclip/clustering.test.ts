import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clusterTextFeatures, cosineDistances } from '../../rfclip/clustering.ts';
import { expectRecorded, parametersOf, recordedCases } from '../support/reference.ts';

/** Renumbers groups in order of first appearance, so that equal partitions become equal arrays. */
function canonical(groups: ArrayLike<number>): number[] {
  const numbers = new Map<number, number>();
  return Array.from(groups, (group) => {
    if (!numbers.has(group)) numbers.set(group, numbers.size);
    return numbers.get(group) as number;
  });
}

/**
 * The definition, O(n^3): merge the two clusters whose union has the smallest diameter, while it is within the
 * threshold.
 */
function bruteForce(distances: Float64Array, count: number, threshold: number): number[] {
  let clusters = Array.from({ length: count }, (_, index) => [index]);
  const diameter = (a: number[], b: number[]): number =>
    Math.max(...a.flatMap((i) => b.map((j) => distances[i * count + j])));
  for (;;) {
    let best: [number, number] | undefined;
    let smallest = Infinity;
    for (let a = 0; a < clusters.length; a++) {
      for (let b = a + 1; b < clusters.length; b++) {
        const height = diameter(clusters[a], clusters[b]);
        if (height < smallest) [smallest, best] = [height, [a, b]];
      }
    }
    if (best === undefined || smallest > threshold) break;
    const [a, b] = best;
    clusters[a] = [...clusters[a], ...clusters[b]];
    clusters = clusters.filter((_, index) => index !== b);
  }
  const groups: number[] = [];
  clusters.forEach((members, group) => members.forEach((member) => (groups[member] = group)));
  return canonical(groups);
}

/** Deterministic, roughly normal numbers; distances between such rows have no ties. */
function randomFeatures(count: number, width: number, seed: number): Float32Array {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length: count * width }, () => next() + next() + next() + next() - 2);
}

describe('clusterTextFeatures', () => {
  it.each(recordedCases('segmentor/clustering/'))("%s: has scipy's merge heights and partitions", async (name) => {
    const checks = await expectRecorded(name, undefined, { linkage: 2e-6 });
    const partitions = checks.findings.filter(({ what }) => what.startsWith('partition at'));
    expect(partitions).toHaveLength(parametersOf(checks).h_thresholds.length);
  });

  const sizes = fc.record({
    count: fc.integer({ min: 1, max: 24 }),
    width: fc.integer({ min: 2, max: 9 }),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    threshold: fc.double({ min: 0, max: 2, noNaN: true }),
  });

  it('is the brute-force partition, whose groups have diameters up to the threshold', () => {
    fc.assert(
      fc.property(sizes, ({ count, width, seed, threshold }) => {
        const features = randomFeatures(count, width, seed);
        const distances = cosineDistances(features, count, width);
        const groups = Array.from(clusterTextFeatures(features, count, width, threshold));
        expect(groups).toEqual(bruteForce(distances, count, threshold));
        for (let i = 0; i < count; i++) {
          for (let j = 0; j < i; j++)
            if (groups[i] === groups[j]) expect(distances[i * count + j]).toBeLessThanOrEqual(threshold);
        }
      }),
    );
  });

  it('does not depend on the order of the names', () => {
    fc.assert(
      fc.property(sizes, fc.infiniteStream(fc.nat()), ({ count, width, seed, threshold }, keys) => {
        const features = randomFeatures(count, width, seed);
        const order = [...keys.take(count)]
          .map((key, index) => ({ key, index }))
          .sort((a, b) => a.key - b.key)
          .map(({ index }) => index);
        const shuffled = Float32Array.from(
          order.flatMap((index) => Array.from(features.subarray(index * width, (index + 1) * width))),
        );
        const groups = clusterTextFeatures(features, count, width, threshold);
        const shuffledGroups = clusterTextFeatures(shuffled, count, width, threshold);
        expect(canonical(order.map((index) => groups[index]))).toEqual(Array.from(shuffledGroups));
      }),
    );
  });

  it('puts identical features together at threshold 0, and everything at 2', () => {
    const row = randomFeatures(1, 512, 7);
    const other = randomFeatures(1, 512, 8);
    const features = Float32Array.from([...row, ...other, ...row]);
    expect(Array.from(clusterTextFeatures(features, 3, 512, 0))).toEqual([0, 1, 0]);
    expect(Array.from(clusterTextFeatures(features, 3, 512, 2))).toEqual([0, 0, 0]);
  });

  it(
    'decides exact ties by the order of names, as scipy does: 0-1 and 2-3 at right angles and 45 degrees ' + 'between',
    () => {
      // Directions at 0, 45, 90, 135 degrees: three equal smallest distances. scipy 1.17: fcluster gives [1, 1, 2, 2].
      const features = Float32Array.from([1, 0, 1, 1, 0, 1, -1, 1]);
      expect(Array.from(clusterTextFeatures(features, 4, 2, 0.5))).toEqual([0, 0, 1, 1]);
    },
  );

  it('handles no, one and zero features', () => {
    expect(clusterTextFeatures(new Float32Array(0), 0, 4, 1)).toHaveLength(0);
    expect(Array.from(clusterTextFeatures(Float32Array.of(1, 2), 1, 2, 0))).toEqual([0]);
    expect(Array.from(clusterTextFeatures(Float32Array.of(1, 2, 0, 0), 2, 2, 0.99))).toEqual([0, 1]);
    expect(Array.from(clusterTextFeatures(Float32Array.of(1, 2, 0, 0), 2, 2, 1))).toEqual([0, 0]);
  });

  it('rejects what it cannot cluster', () => {
    expect(() => clusterTextFeatures(new Float32Array(7), 2, 4, 1)).toThrow(
      /7 values for 2 features of width 4, expected 8/,
    );
    expect(() => clusterTextFeatures(Float32Array.of(1, NaN), 1, 2, 1)).toThrow(/feature 0 is not finite/);
    for (const threshold of [-0.1, NaN])
      expect(() => clusterTextFeatures(new Float32Array(2), 1, 2, threshold)).toThrow(/threshold/);
  });

  it('takes 200 names of width 1024 in well under a second', () => {
    const features = randomFeatures(200, 1024, 3);
    const begin = performance.now();
    clusterTextFeatures(features, 200, 1024, 0.9);
    expect(performance.now() - begin).toBeLessThan(1000);
  });
});
