import { describe, expect, it } from 'vitest';
import {
  adjustForWindow,
  adjustTextFeatures,
  pickClusterLeaders,
  topTwoMean,
} from '../oracle/hierarchicalPromptOnHost.ts';
import { expectAgreement, openCase, parametersOf, recordedCases } from '../support/reference.ts';

describe('adjustForWindow', () => {
  it.each(recordedCases('segmentor/hierarchical_prompt/'))('%s equals the published code within 2e-6', (name) => {
    const checks = openCase(name);
    const { clusters, mean_vector_weight: meanVectorWeight } = parametersOf(checks);
    const text = checks.input('query_features');
    const [queries, width] = text.shape;
    checks.compare(
      'adjusted',
      adjustForWindow({
        textFeatures: text.values,
        clusters: Int32Array.from(clusters as number[]),
        globalSimilarity: checks.input('image_class_similarities').values,
        patchFeatures: checks.input('image_features').values,
        width,
        meanVectorWeight,
      }),
    );
    expectAgreement(checks, { adjusted: 2e-6 });
    const changedRows = (rows: ArrayLike<number>): boolean[] =>
      Array.from({ length: queries }, (_, query) =>
        text.values.subarray(query * width, (query + 1) * width).some((value, i) => value !== rows[query * width + i]),
      );
    expect(changedRows(checks.computed.get('adjusted')!)).toEqual(changedRows(checks.output('adjusted').values));
  });
});

describe('pickClusterLeaders', () => {
  it('takes the largest global similarity of each cluster, the first on ties', () => {
    expect(
      Array.from(pickClusterLeaders(Int32Array.of(1, 0, 1, 0, 1), Float32Array.of(0.2, 0.5, 0.3, 0.5, 0.3))),
    ).toEqual([1, 2]);
  });

  it('prefers any number to NaN and works on no query', () => {
    expect(Array.from(pickClusterLeaders(Int32Array.of(0, 0, 0), Float32Array.of(NaN, -1, NaN)))).toEqual([1]);
    expect(pickClusterLeaders(new Int32Array(0), new Float32Array(0))).toHaveLength(0);
  });

  it('rejects lengths that differ and cluster numbers with gaps', () => {
    expect(() => pickClusterLeaders(new Int32Array(2), new Float32Array(3))).toThrow(/2 cluster numbers and 3 global/);
    expect(() => pickClusterLeaders(Int32Array.of(0, 2), new Float32Array(2))).toThrow(/Cluster 1 has no member/);
    expect(() => pickClusterLeaders(Int32Array.of(0, -1), new Float32Array(2))).toThrow(/at least 0/);
  });
});

describe('topTwoMean', () => {
  const text = Float32Array.of(1, 0);

  it('chooses by cosine but averages the features as they are', () => {
    // Cosines 0.6, 1, 0.8: the long first patch has the largest product, not the largest cosine.
    expect(Array.from(topTwoMean(Float32Array.of(6, 8, 0.5, 0, 0.8, 0.6), text))).toEqual([
      0.6500000059604645, 0.30000001192092896,
    ]);
  });

  it('takes the earlier patches on ties, and the only patch of a 1x1 grid', () => {
    expect(Array.from(topTwoMean(Float32Array.of(1, 2, 0, 1, 0, 2, 0, 4), Float32Array.of(1, 0)))).toEqual([0.5, 1.5]);
    expect(Array.from(topTwoMean(Float32Array.of(3, 4), text))).toEqual([3, 4]);
  });

  it('rejects no patch and a wrong width', () => {
    expect(() => topTwoMean(new Float32Array(0), text)).toThrow(/positive multiple/);
    expect(() => topTwoMean(new Float32Array(3), text)).toThrow(/multiple of the width 2/);
  });
});

describe('adjustTextFeatures', () => {
  const text = Float32Array.of(1, 0, 0, 1);
  const patches = Float32Array.of(0, 1, 0, 1);

  it('keeps the direction at weight 0, takes that of the patches at weight 1, and leaves its input alone', () => {
    expect(Array.from(adjustTextFeatures(text, Int32Array.of(0), patches, 2, 0))).toEqual([1, 0, 0, 1]);
    expect(Array.from(adjustTextFeatures(text, Int32Array.of(0), patches, 2, 1))).toEqual([0, 1, 0, 1]);
    expect(Array.from(text)).toEqual([1, 0, 0, 1]);
  });

  it('rejects a leader that is no row', () => {
    for (const leader of [-1, 2])
      expect(() => adjustTextFeatures(text, Int32Array.of(leader), patches, 2, 0.5)).toThrow(/expected rows 0 to 1/);
  });
});
