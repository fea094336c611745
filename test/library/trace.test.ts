import { beforeAll, describe, expect, it } from 'vitest';
import { explainSegmenter } from '../../explain/explainSegmenter.ts';
import type { Segmenter } from '../../library/index.ts';
import { expectEqual } from '../support/compare.ts';
import { buffersAtRest, expectBuffers, QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const picture = randomPicture(5, 90, 60);
let segmenter: Segmenter;

beforeAll(async () => {
  segmenter = await small.model.segmenter(WORDS, { ...QUICK, method: 'rfclip-paper' });
});

describe('trace', () => {
  it('returns named tensors of all windows as arrays on the host, and frees its copies', async () => {
    const before = await buffersAtRest(small.model);
    const { layers, heads, width } = small.model.config.vision;
    const { tensors, windows, grid, size } = await segmenter.trace(picture, ['layer*/phi', 'layer0/attn', 'logits']);
    const [B, N] = [windows.length, grid.width * grid.height];
    expect(size).toEqual({ width: 96, height: 64 });
    expect(B).toBeGreaterThan(1);
    const phis = Array.from({ length: layers - 1 }, (_, layer) => `layer${layer}/phi`);
    expect(Object.keys(tensors).sort()).toEqual([...phis, 'layer0/attn', 'logits'].sort());
    for (const name of phis) {
      expect(tensors[name].shape).toEqual([B, N]);
      expect(tensors[name].data.every((value) => value > 0 && value < 1)).toBe(true);
    }
    const attention = tensors['layer0/attn'];
    expect(attention.shape).toEqual([B, heads, N + 1, N + 1]);
    for (let row = 0; row < attention.data.length; row += N + 1) {
      // Rows of a softmax: N + 1 roundings of numbers that add up to 1.
      const sum = attention.data.subarray(row, row + N + 1).reduce((total, value) => total + value, 0);
      expect(Math.abs(sum - 1)).toBeLessThan((N + 9) * 2 ** -23);
    }
    expect(tensors.logits.shape).toEqual([B, N, 4]);
    expect(width % heads).toBe(0);
    await expectBuffers(small.model, before);
  });

  it('does not depend on what else is traced, nor on calls beside it', async () => {
    const [one, result, two] = await Promise.all([
      segmenter.trace(picture, ['layer0/x_out', 'patches']),
      segmenter.segment(picture),
      segmenter.trace(picture, ['*', 'layer0/*']),
    ]);
    expectEqual(one.tensors.patches.data, two.tensors.patches.data);
    expectEqual(one.tensors['layer0/x_out'].data, two.tensors['layer0/x_out'].data);
    expect(Object.keys(two.tensors)).toEqual(expect.arrayContaining(['cls', 'logits', 'layer0/attn_redistributed']));
    // A star stays within a part of a name.
    expect(Object.keys((await segmenter.trace(picture, ['l*'])).tensors)).toEqual(['logits']);
    expect(result.labels.data).toHaveLength(90 * 60);
  });

  it('has features and logits of every method, in windows or whole', async () => {
    const plain = await small.model.segmenter(WORDS, { ...QUICK, method: 'clip', window: 0 });
    const { tensors, windows, grid } = await plain.trace(picture, ['*']);
    expect(windows).toEqual([{ x1: 0, y1: 0, x2: 96, y2: 64 }]);
    expect(Object.keys(tensors)).toEqual(['patches', 'cls', 'logits']);
    expect(tensors.logits.shape).toEqual([1, grid.width * grid.height, 4]);
    plain.close();
  });

  it('answers a name that is not there with those that are, and frees everything', async () => {
    const before = await buffersAtRest(small.model);
    await expect(segmenter.trace(picture, ['layer0/phi', 'layer99/phi'])).rejects.toMatchObject({
      code: 'RFCLIP-TRACE',
      where: 'layer99/phi',
      fix: `layers here are layer0 to layer${small.model.config.vision.layers - 2}`,
      message: expect.stringMatching(
        /^a run of rfclip-paper has no tensor layer99\/phi, expected some of cls, last\/attn_kk_last_layer, .*layer\*\/x_out, logits, patches$/,
      ),
    });
    for (const names of [[], 'layer0/phi', [3], ['']] as unknown as string[][])
      await expect(segmenter.trace(picture, names)).rejects.toMatchObject({ code: 'RFCLIP-TRACE' });
    await expect(segmenter.trace(picture, ['cls'], { sgnal: 1 } as object)).rejects.toMatchObject({
      code: 'RFCLIP-OPTIONS',
    });
    await expect(explainSegmenter(segmenter, picture, { point: [] } as object)).rejects.toMatchObject({
      code: 'RFCLIP-OPTIONS',
      message: 'explain has no option point, expected one of maxMegapixels, methods, onProgress, points, signal',
    });
    await expectBuffers(small.model, before);
  });
});
