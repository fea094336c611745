import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hierarchicalPrompt, type HierarchicalPromptInputs, scale } from '../../engine/index.ts';
import { hierarchicalPromptOracle } from '../oracle/hierarchicalPrompt.ts';
import { l2NormalizeOracle } from '../oracle/l2Normalize.ts';
import { expectClose, expectEqual, U } from '../support/compare.ts';
import { asAdapterClass, evaluate, evaluateAll, KERNEL_CLASSES, shapeError, useDevice } from '../support/device.ts';
import { DEVICE_RUNS, lengths, randomFloats, randomIntegers, seeds, sides } from '../support/random.ts';
import { expectAgreement, expectRecorded, openCase, parametersOf, recordedCases } from '../support/reference.ts';

const opened = useDevice();

interface Operands {
  text: ArrayLike<number>;
  cluster: ArrayLike<number>;
  globalSimilarity: ArrayLike<number>;
  features: ArrayLike<number>;
  similarity: ArrayLike<number>;
  width: number;
  windows: number;
  weight: number;
}

/** The text features by both row kernels; their biases are compared here. */
async function run({
  text,
  cluster,
  globalSimilarity,
  features,
  similarity,
  width,
  windows,
  weight,
}: Operands): Promise<ArrayLike<number>[]> {
  const { device } = opened;
  const queries = cluster.length;
  const results = await evaluateAll(device, () => {
    const inputs = {
      text: device.tensor(text, [queries, width]),
      cluster: device.tensor(cluster, [queries], 'u32'),
      globalSimilarity: device.tensor(globalSimilarity, [globalSimilarity.length / queries, queries]),
      features: device.tensor(features, [windows, features.length / windows / width, width]),
      similarity: device.tensor(similarity, [windows, similarity.length / windows / queries, queries]),
      weight,
      globalWeight: 0.3,
    };
    return KERNEL_CLASSES.flatMap((adapterClass) => {
      const adjusted = asAdapterClass(device, adapterClass, () => hierarchicalPrompt(inputs));
      return [adjusted.text, adjusted.bias, scale(inputs.globalSimilarity, 0.3)];
    });
  });
  expectEqual(results[1], results[2]);
  expectEqual(results[4], results[5]);
  return [results[0], results[3]];
}

/**
 * Rows of length 1, or the text: two norms over n squares (n / 2 + 6 roundings each), a mixture of a length of at least
 * 0.9, and a handful of other roundings.
 */
function tolerance(width: number): number {
  return 2 * (width + 24) * U;
}

describe('hierarchicalPrompt', () => {
  it.each(recordedCases('segmentor/hierarchical_prompt/'))('%s equals the published code', async (name) => {
    await expectRecorded(name, opened, { adjusted: 2e-6 });
  });

  it.each(recordedCases('segmentor/hierarchical_prompt/'))('%s equals the oracle', (name) => {
    const checks = openCase(name);
    const { clusters, mean_vector_weight: weight } = parametersOf(checks);
    const {
      values: text,
      shape: [queries, width],
    } = checks.input('query_features');
    const features = checks.input('image_features').values;
    const similarity = Array.from({ length: (features.length / width) * queries }, (_, i) => {
      const [patch, query] = [Math.floor(i / queries) * width, (i % queries) * width];
      return text.subarray(query, query + width).reduce((sum, value, c) => sum + value * features[patch + c], 0);
    });
    const globalSimilarity = checks.input('image_class_similarities').values;
    const operands = { text, cluster: clusters, globalSimilarity, features, similarity, width, weight };
    checks.compare('adjusted', hierarchicalPromptOracle(operands));
    expectAgreement(checks, { adjusted: 2e-6 });
  });

  it('equals its oracle for any shape, with global similarities by window or shared', async () => {
    const sizes = fc.record({
      windows: sides(3),
      queries: sides(30),
      patches: lengths(70),
      width: lengths(70),
      clusters: sides(9),
    });
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.boolean(),
        seeds,
        fc.constantFrom(0, 0.05, 1),
        async ({ windows, queries, patches, width, clusters }, shared, seed, weight) => {
          // Of length 1, so that it never nearly cancels with the mean it is mixed with.
          const text = Float32Array.from(l2NormalizeOracle(randomFloats(seed, queries * width), width));
          const cluster = randomIntegers(seed + 1, queries, clusters);
          const globalSimilarity = randomFloats(seed + 2, (shared ? 1 : windows) * queries);
          const features = randomFloats(seed + 3, windows * patches * width);
          const similarity = randomFloats(seed + 4, windows * patches * queries);
          const results = await run({ text, cluster, globalSimilarity, features, similarity, width, windows, weight });
          const part = (values: Float32Array, window: number, size: number) =>
            values.subarray(window * size, (window + 1) * size);
          const expected = Array.from({ length: windows }, (_, window) =>
            Array.from(
              hierarchicalPromptOracle({
                text,
                cluster,
                width,
                weight,
                globalSimilarity: part(globalSimilarity, shared ? 0 : window, queries),
                features: part(features, window, patches * width),
                similarity: part(similarity, window, patches * queries),
              }),
            ),
          ).flat();
          for (const actual of results)
            expectClose({ actual, expected, tolerance: tolerance(width), shape: [windows, queries, width] });
        },
      ),
      { numRuns: DEVICE_RUNS },
    );
  });

  it('takes the first leader and the first patches on ties, and a single patch twice', async () => {
    const operands = {
      text: [1, 0, 0, 1, 1, 0],
      cluster: [4, 4, 7],
      globalSimilarity: [0.5, 0.5, -1],
      width: 2,
      windows: 1,
      weight: 1,
    };
    const tied = await run({ ...operands, features: [0, 1, 0, 1, 1, 0], similarity: [3, 0, 3, 3, 0, 3, 3, 0, 3] });
    for (const actual of tied) expectClose({ actual, expected: [0, 1, 0, 1, 0, 1], tolerance: tolerance(2) });
    const single = await run({ ...operands, features: [3, 4], similarity: [0, 0, 0] });
    for (const actual of single) expectClose({ actual, expected: [0.6, 0.8, 0, 1, 0.6, 0.8], tolerance: tolerance(2) });
  });

  it('does not divide by a length of 0', async () => {
    const operands = { text: [1, 0], cluster: [0], globalSimilarity: [0], width: 2, windows: 1, similarity: [1, 1] };
    for (const actual of await run({ ...operands, features: [0, 1, 0, -1], weight: 0.5 })) expectEqual(actual, [1, 0]);
    for (const actual of await run({ ...operands, features: [-1, 0, -1, 0], weight: 0.5 })) expectEqual(actual, [0, 0]);
  });

  it('numbers its rows right when they need more workgroups than one axis has', async () => {
    const { device } = opened;
    const windows = 65_535 * 64 + 1;
    const ones = new Float32Array(windows).fill(1);
    const actual = await evaluate(device, () => {
      const one = (value: number) => device.tensor([value], [1, 1]);
      return hierarchicalPrompt({
        text: one(-5),
        cluster: device.tensor([0], [1], 'u32'),
        globalSimilarity: one(1),
        features: device.tensor(randomFloats(1, windows, 1, 2), [windows, 1, 1]),
        similarity: device.tensor(ones, [windows, 1, 1]),
        weight: 1,
      }).text;
    });
    expectEqual(actual, ones);
  });

  it('refuses operands that do not fit', () => {
    const { device } = opened;
    const message = (change: () => Partial<HierarchicalPromptInputs>) =>
      shapeError(device, () =>
        hierarchicalPrompt({
          text: device.zeros([3, 4]),
          cluster: device.zeros([3], 'u32'),
          globalSimilarity: device.zeros([1, 3]),
          features: device.zeros([2, 5, 4]),
          similarity: device.zeros([2, 5, 3]),
          weight: 0.5,
          ...change(),
        }),
      );
    expect(message(() => ({}))).toBe('no error');
    expect(message(() => ({ text: device.zeros([3]) }))).toBe('hierarchicalPrompt: text is [3], expected [?, ?]');
    expect(message(() => ({ features: device.zeros([2, 5, 3]) }))).toBe(
      'hierarchicalPrompt: features is [2, 5, 3], expected [?, ?, 4]',
    );
    expect(message(() => ({ features: device.zeros([2, 0, 4]), similarity: device.zeros([2, 0, 3]) }))).toBe(
      'hierarchicalPrompt: features are [2, 0, 4], expected at least one patch',
    );
    expect(message(() => ({ cluster: device.zeros([4], 'u32') }))).toBe(
      'hierarchicalPrompt: cluster is [4], expected [3]',
    );
    expect(message(() => ({ cluster: device.zeros([3], 'i32') }))).toBe(
      'hierarchicalPrompt: cluster is i32, expected u32',
    );
    expect(message(() => ({ similarity: device.zeros([2, 3, 5]) }))).toBe(
      'hierarchicalPrompt: similarity is [2, 3, 5], expected [2, 5, 3]',
    );
    expect(message(() => ({ globalSimilarity: device.zeros([3]) }))).toBe(
      'hierarchicalPrompt: globalSimilarity is [3], expected [?, 3]',
    );
    expect(message(() => ({ globalSimilarity: device.zeros([3, 3]) }))).toBe(
      'hierarchicalPrompt: globalSimilarity is [3, 3], expected [1 or 2, 3]',
    );
    expect(message(() => ({ similarity: device.zeros([2, 5, 3], 'f16') }))).toBe(
      'hierarchicalPrompt: similarity is f16, expected f32',
    );
  });
});
