import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agglomerate, clusterTextFeatures, cosineDistances, cutMerges } from '../../rfclip/clustering.ts';
import { randomFloats, seeds } from '../support/random.ts';

/**
 * Ward's method by its definition, O(n^3): merge the two clusters that are nearest, and take the distance of the new
 * one to every other from the three distances before (Lance and Williams 1967). Returns the heights and the partition
 * at the threshold, numbered in order of first appearance.
 */
function bruteForce(
  distances: Float64Array,
  count: number,
  threshold: number,
): { heights: number[]; groups: number[] } {
  let clusters = Array.from({ length: count }, (_, i) => ({ members: [i], distance: new Map<number, number>() }));
  clusters.forEach((cluster, i) => clusters.forEach((_, j) => cluster.distance.set(j, distances[i * count + j])));
  let names = clusters.map((_, i) => i);
  let next = count;
  const heights: number[] = [];
  const groups = Array.from({ length: count }, (_, i) => i);
  while (names.length > 1) {
    let best: [number, number, number] = [-1, -1, Infinity];
    for (const a of names)
      for (const b of names)
        if (a < b && clusters[a].distance.get(b)! < best[2]) best = [a, b, clusters[a].distance.get(b)!];
    const [a, b, height] = best;
    const [x, y] = [clusters[a], clusters[b]];
    heights.push(height);
    const members = [...x.members, ...y.members];
    if (height <= threshold) for (const member of members) groups[member] = Math.min(...members);
    names = names.filter((name) => name !== a && name !== b);
    const distance = new Map<number, number>();
    for (const other of names) {
      const z = clusters[other];
      const [nx, ny, nz] = [x.members.length, y.members.length, z.members.length];
      const squared =
        ((nx + nz) * x.distance.get(other)! ** 2 + (ny + nz) * y.distance.get(other)! ** 2 - nz * height ** 2) /
        (nx + ny + nz);
      distance.set(other, Math.sqrt(squared));
      z.distance.set(next, Math.sqrt(squared));
    }
    clusters = [...clusters, { members, distance }];
    names = [...names, next++];
  }
  const order = [...new Set(groups)];
  return { heights, groups: groups.map((group) => order.indexOf(group)) };
}

const sizes = fc.record({
  count: fc.integer({ min: 1, max: 24 }),
  width: fc.integer({ min: 2, max: 9 }),
  seed: seeds,
  threshold: fc.double({ min: 0, max: 3, noNaN: true }),
});

describe('Ward clustering', () => {
  it('equals the definition: the same heights, the same groups', () => {
    fc.assert(
      fc.property(sizes, ({ count, width, seed, threshold }) => {
        const features = randomFloats(seed, count * width);
        const distances = cosineDistances(features, count, width);
        const expected = bruteForce(distances, count, threshold);
        const heights = agglomerate(distances.slice(), count, 'ward')
          .map((merge) => merge.height)
          .sort((a, b) => a - b);
        heights.forEach((height, i) => expect(Math.abs(height - expected.heights[i])).toBeLessThan(1e-12));
        // Heights never fall towards the root, so that a cut means something.
        expect(expected.heights.every((height, i) => i === 0 || height >= expected.heights[i - 1] - 1e-12)).toBe(true);
        fc.pre(heights.every((height) => Math.abs(height - threshold) > 1e-9));
        expect(Array.from(clusterTextFeatures(features, count, width, threshold, 'ward'))).toEqual(expected.groups);
      }),
    );
  });

  it('is sqrt(2 a b / (a + b)) times the distance of the means where distances are Euclidean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), seeds, (count, seed) => {
        const points = randomFloats(seed, count * 3);
        const at = (i: number, axis: number) => points[i * 3 + axis];
        const distances = Float64Array.from({ length: count * count }, (_, k) => {
          const [i, j] = [Math.floor(k / count), k % count];
          return Math.hypot(...[0, 1, 2].map((axis) => at(i, axis) - at(j, axis)));
        });
        const merges = agglomerate(distances, count, 'ward').sort((x, y) => x.height - y.height);
        for (const [step, { a, b, height }] of merges.entries()) {
          const before = cutMerges(merges.slice(0, step), count, Infinity);
          const [left, right] = [a, b].map((item) =>
            [...before.keys()].filter((other) => before[other] === before[item]),
          );
          const mean = (cluster: number[], axis: number) =>
            cluster.reduce((sum, i) => sum + at(i, axis), 0) / cluster.length;
          const apart = Math.hypot(...[0, 1, 2].map((axis) => mean(left, axis) - mean(right, axis)));
          expect(
            Math.abs(height - Math.sqrt((2 * left.length * right.length) / (left.length + right.length)) * apart),
          ).toBeLessThan(1e-9);
        }
      }),
    );
  });

  it('groups more reluctantly than complete linkage the larger the groups are', () => {
    // Three identical names and three others at cosine distance 1: the last merge is at 1 for complete, sqrt(3) for
    // Ward.
    const features = Float32Array.from([1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1]);
    const heights = (linkage: 'complete' | 'ward') =>
      Math.max(...agglomerate(cosineDistances(features, 6, 2), 6, linkage).map((merge) => merge.height));
    expect(heights('complete')).toBe(1);
    expect(heights('ward')).toBeCloseTo(Math.sqrt(3), 12);
    expect(Array.from(clusterTextFeatures(features, 6, 2, 1.5))).toEqual([0, 0, 0, 0, 0, 0]);
    expect(Array.from(clusterTextFeatures(features, 6, 2, 1.5, 'ward'))).toEqual([0, 0, 0, 1, 1, 1]);
  });
});
