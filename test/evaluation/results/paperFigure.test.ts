import { describe, expect, test } from 'vitest';
import { BENCHMARKS } from '../../../datasets/benchmarks/index.ts';
import { describePaperFigure, paperFigureOf } from '../../../evaluation/results/paperFigure.ts';
import type { EvaluationResult } from '../../../evaluation/results/result.ts';
import { METHOD_NAMES, type MethodName } from '../../../rfclip/methods/index.ts';
import { findKnownCheckpoint } from '../../../weights/knownCheckpoints.ts';

const VIT_B16 = findKnownCheckpoint('ViT-B/16')!.sha256!;

/** What of a result a figure is looked up by. */
const resultOf = (method: MethodName, options: { pamr?: boolean; checkpoint?: string; images?: number } = {}) =>
  ({
    evaluation: {
      configuration: { dataSet: 'voc21', method, settings: { pamrSteps: options.pamr === true ? 10 : 0 } },
      model: { checkpoint: options.checkpoint ?? VIT_B16 },
    },
    metrics: { mIoU: 0.6512 },
    images: { counted: options.images ?? 1449 },
  }) as unknown as EvaluationResult;

const describeOf = (...args: Parameters<typeof resultOf>) => describePaperFigure(paperFigureOf(resultOf(...args)));

describe('what was published of a method', () => {
  test.each<[MethodName, boolean, number | undefined]>([
    ['rfclip', false, 64.8],
    ['rfclip', true, 67.2],
    ['rfclip-paper', false, 64.8],
    ['naclip', true, 64.07],
    ['naclip', false, undefined],
    ['sclip', false, 59.63],
    ['sclip', true, undefined],
    ['cass', false, undefined],
    ['maskclip', false, undefined],
    ['clip', true, undefined],
  ])('%s, PAMR %s: %s', (method, pamr, published) => {
    expect(paperFigureOf(resultOf(method, { pamr })).published).toBe(published);
  });

  test('is the same as in the benchmarks, for every method and benchmark', () => {
    for (const { name, published } of BENCHMARKS)
      for (const method of METHOD_NAMES) {
        const result = resultOf(method);
        result.evaluation.configuration.dataSet = name;
        const figure = paperFigureOf(result).published;
        if (figure !== undefined) expect(Object.values(published!)).toContain(figure);
      }
  });
});

describe('in a sentence', () => {
  test('how far a result is from it', () => {
    expect(describeOf('rfclip')).toBe('voc21, rfclip: 65.12 mIoU here, 64.8 published (+0.32)');
    expect(describeOf('rfclip', { pamr: true })).toBe(
      'voc21, rfclip with PAMR: 65.12 mIoU here, 67.2 published (-2.08)',
    );
  });

  test('what makes the two not comparable', () => {
    expect(describeOf('rfclip', { checkpoint: 'x', images: 2 })).toBe(
      'voc21, rfclip: 65.12 mIoU here, 64.8 published (+0.32), but with another checkpoint than ViT-B/16 and 2 of ' +
        '1449 images',
    );
  });

  test('where none is on record', () => {
    expect(describeOf('cass')).toBe('voc21, cass: 65.12 mIoU; no published figure of it is on record');
  });
});
