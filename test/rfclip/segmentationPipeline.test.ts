import { describe, expect, it } from 'vitest';
import { recordedSettings } from '../../conformance/cases/segmentorCases.ts';
import { recordedImage } from '../../conformance/index.ts';
import { expectRecorded, openCase, parametersOf, recordedCases } from '../support/reference.ts';
import { tinySegmenter } from '../support/tinySegmenter.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

describe('SegmentationPipeline', () => {
  it.each(recordedCases('segmentor/predict/'))('equals the published code on %s', async (name) => {
    const checks = await expectRecorded(name, tiny);
    const { labels, probabilities_every_3rd: probabilities } = checks.reference.outputs;
    expect(labels.shape).toEqual(parametersOf(checks).original_hw);
    expect(probabilities.shape.slice(1)).toEqual(labels.shape.map((side) => Math.ceil(side / 3)));
    expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
  });

  it('says how sure it is of each pixel: the largest probability, before the threshold', async () => {
    const checks = openCase('segmentor/predict/whole_syn_a_thd');
    const segmenter = tinySegmenter(tiny, { checkpoint: 'tiny_a', settings: recordedSettings(checks.reference) });
    const { probabilities, confidence, labels, height, width, logits } = await segmenter.segment(
      recordedImage(checks),
      70,
      91,
      { probabilities: true },
    );
    segmenter.dispose();
    expect([height, width]).toEqual([70, 91]);
    expect(logits).toBeUndefined();
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const classes = probabilities!.subarray(6 * pixel, 6 * (pixel + 1));
      const best = Math.max(...classes);
      expect(confidence[pixel]).toBe(best);
      expect(labels[pixel]).toBe(best < Math.fround(0.1) ? 0 : classes.indexOf(best));
    }
  });
});
