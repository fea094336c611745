import { describe, expect, it } from 'vitest';
import { makeClassList } from '../../rfclip/classes.ts';
import { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../rfclip/settings.ts';
import { expectClose } from '../support/compare.ts';
import { publishedMethod } from '../support/methodNames.ts';
import { openRecordings, type RecordedCase } from '../support/recordings.ts';
import { segmentorTensor } from '../support/segmentorFixture.ts';
import { TINY_DISTRACTION_DIMENSIONS } from '../support/tinyClip.ts';
import { useTinyClip } from '../support/useTinyClip.ts';

const recordings = openRecordings('segmentor', 'predict.safetensors', 'predictCases.json');
const tiny = useTinyClip();

/** The settings of a recorded prediction under this project's names. */
function settingsOfCase({ name, parameters }: RecordedCase): Settings {
  const hasSemantics = !name.includes('naclip') && !name.includes('sclip');
  return {
    ...structuredClone(DEFAULT_SETTINGS),
    window: parameters.slide_crop,
    ...(parameters.slide_crop > 0 ? { stride: parameters.slide_stride } : {}),
    logitScale: parameters.logit_scale ?? 40,
    probabilityThreshold: parameters.prob_thd,
    ...(hasSemantics
      ? {
          clusterThreshold: parameters.h_threshold,
          meanVectorWeight: parameters.mean_vector_weight,
          globalWeight: parameters.global_semantics_weight,
          globalPerWindow: parameters.dataset === 'city_scapes',
        }
      : {}),
    ...(parameters.pamr_steps > 0 ? { pamrSteps: parameters.pamr_steps, pamrDilations: parameters.pamr_stride } : {}),
    ...(parameters.area_thd === undefined ? {} : { areaThreshold: parameters.area_thd }),
  };
}

function segmenterOf(recorded: RecordedCase): SegmentationPipeline {
  const { name, parameters } = recorded;
  return new SegmentationPipeline({
    encoder: tiny.images(parameters.checkpoint),
    method: name.includes('naclip')
      ? publishedMethod('naclip')
      : name.includes('sclip')
        ? publishedMethod('sclip')
        : publishedMethod('rfclip', TINY_DISTRACTION_DIMENSIONS),
    classes: makeClassList(parameters.words, name),
    textFeatures: segmentorTensor<Float32Array>(parameters.text_features).data,
    settings: settingsOfCase(recorded),
  });
}

/** Every third row and column of values [height, width, channels], as planes [channels, ...]. */
function thinned(values: Float32Array, height: number, width: number): Float32Array {
  const channels = values.length / (height * width);
  const out: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y += 3)
      for (let x = 0; x < width; x += 3) out.push(values[(y * width + x) * channels + channel]);
  }
  return Float32Array.from(out);
}

/** NACLIP's published code divides what it returns by its sum over classes; labels are decided before that. */
function renormalised(probabilities: Float32Array, classes: number): Float32Array {
  return probabilities.map((value, i) => {
    const first = i - (i % classes);
    return value / probabilities.subarray(first, first + classes).reduce((sum, other) => sum + other, 0);
  });
}

describe('SegmentationPipeline', () => {
  it.each(recordings.cases('predict/').map((recorded) => [recorded.name, recorded] as const))(
    'equals the published code on %s',
    async (_, recorded) => {
      const { parameters, tolerance } = recorded;
      const image = recordings.image(parameters.image);
      const [outHeight, outWidth] = parameters.original_hw;
      const segmenter = segmenterOf(recorded);
      const hasLogits = recorded.tensors.slide_logits_every_3rd !== undefined;
      const result = await segmenter.segment(image, outHeight, outWidth, { probabilities: true, logits: hasLogits });
      segmenter.dispose();

      expect([result.height, result.width]).toEqual([outHeight, outWidth]);
      if (hasLogits) {
        const expected = recordings.tensor(recorded, 'slide_logits_every_3rd');
        const actual = thinned(result.logits!, image.height, image.width);
        expectClose({
          actual,
          expected: expected.data as Float32Array,
          tolerance: tolerance.slide_logits_every_3rd,
          shape: expected.shape,
        });
      } else {
        expect(result.logits).toBeUndefined();
      }
      const classes = parameters.words.length;
      const probabilities = recorded.name.includes('naclip')
        ? renormalised(result.probabilities!, classes)
        : result.probabilities!;
      const expected = recordings.tensor(recorded, 'probabilities_every_3rd');
      expectClose({
        actual: thinned(probabilities, outHeight, outWidth),
        expected: expected.data as Float32Array,
        tolerance: tolerance.probabilities_every_3rd,
        shape: expected.shape,
      });

      const labels = recordings.tensor(recorded, 'labels').data as Uint8Array;
      const different = labels.reduce((count, label, pixel) => count + (label === result.labels[pixel] ? 0 : 1), 0);
      expect(different).toBeLessThanOrEqual(tolerance.labels * labels.length);
      expect(tiny.device.pool.statistics.liveBytes).toBe(tiny.weightBytes);
    },
  );

  it('says how sure it is of each pixel: the largest probability, before the threshold', async () => {
    const recorded = recordings.case('predict/whole_syn_a_thd');
    const segmenter = segmenterOf(recorded);
    const { probabilities, confidence, labels } = await segmenter.segment(recordings.image('size_a'), 70, 91, {
      probabilities: true,
    });
    segmenter.dispose();
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const classes = probabilities!.subarray(6 * pixel, 6 * (pixel + 1));
      const best = Math.max(...classes);
      expect(confidence[pixel]).toBe(best);
      expect(labels[pixel]).toBe(best < Math.fround(0.1) ? 0 : classes.indexOf(best));
    }
  });
});
