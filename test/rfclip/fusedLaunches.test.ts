import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readImage } from '../../clip/image/readImage.ts';
import { SAMPLE_FOLDER } from '../../datasets/sampleFolder.ts';
import type { AdapterClass } from '../../engine/adapter.ts';
import { useMatmulKernel, withMatmulKernel } from '../../engine/ops/matmulKernels.ts';
import { makeClassList } from '../../rfclip/classes.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { findMethod } from '../../rfclip/methods/index.ts';
import { prepareImage } from '../../rfclip/prepareImage.ts';
import { settingsOf } from '../../rfclip/settings.ts';
import { expectClose } from '../support/compare.ts';
import { asAdapterClass, evaluateAll } from '../support/device.ts';
import { CLIP_ONLY_METHODS, publishedMethod } from '../support/methodNames.ts';
import { recordedPicture } from '../support/reference.ts';
import { TINY_DISTRACTION_DIMENSIONS, useTinyClip } from '../support/useTinyClip.ts';

const tiny = useTinyClip();

const { data, height, width } = recordedPicture('wide');
const pixels = Float32Array.from([...data, ...data.map((value) => -value).reverse()]);

/**
 * Features are up to 5 with some 1000 roundings behind them: errors that are as often up as down add up to about
 * sqrt(1000) 5 U = 9.4e-6, and the largest of some thousand elements is off by three times that.
 */
const TOLERANCE = 3e-5;

describe('what a GPU does in fewer launches', () => {
  it.each(CLIP_ONLY_METHODS)('%s gives the same features', async (name) => {
    const { device } = tiny;
    const method = publishedMethod(name, TINY_DISTRACTION_DIMENSIONS);
    const launches: number[] = [];
    const [patches, cls, image, ...composed] = await evaluateAll(device, () => {
      const images = device.tensor(pixels, [2, 3, height, width]);
      return (['discrete', 'software'] as const).flatMap((adapterClass) => {
        const before = device.recorder.dispatches;
        const features = asAdapterClass(device, adapterClass, () =>
          // One kernel for both: its results are not what is compared here.
          withMatmulKernel('register_tile', () => {
            const dense = method.encode(tiny.images('tiny_b'), images);
            return [dense.patches, dense.cls, method.encodeClass(tiny.images('tiny_b'), images)];
          }),
        );
        launches.push(device.recorder.dispatches - before);
        return features;
      });
    });
    for (const [i, actual] of [patches, cls, image].entries())
      expectClose({ actual, expected: composed[i], tolerance: TOLERANCE });
    expect(launches[0]).toBeLessThan(launches[1]);
  });

  it('scenes of the sample set have the same labels, but where two classes are as likely', async () => {
    const { device } = tiny;
    const { adapterClass } = device;
    const model = ClipModel.open({ device, cacheText: false });
    const words = ['night sky', 'moon', 'brick wall', 'heart', 'soil', 'horse'].map((word) => [word]);
    const method = findMethod('rfclip');
    const settings = settingsOf(method, { resize: [2048, 112], window: 0 });
    const segmenter = await model.segmenter(makeClassList(words, 'the test'), method, settings);
    // One kernel for both, as above.
    useMatmulKernel(device, 'register_tile');
    try {
      for (const scene of ['scene_0000', 'scene_0025']) {
        const picture = await readImage(join(SAMPLE_FOLDER, 'JPEGImages', `${scene}.jpg`));
        const image = prepareImage(picture, settings.resize);
        const segment = (kind: AdapterClass) => {
          Object.assign(device, { adapterClass: kind });
          return segmenter.segment(image, picture.height, picture.width, { probabilities: true });
        };
        const [fused, composed] = [await segment('discrete'), await segment('software')];
        expect(new Set(composed.labels).size).toBeGreaterThan(1);
        for (const [pixel, label] of composed.labels.entries()) {
          const other = fused.labels[pixel];
          if (label === other) continue;
          const [first, second] = [label, other].map((i) => composed.probabilities![pixel * words.length + i]);
          // Logits are multiplied by 40 and are off by a hundredth of a feature, of which they are cosines.
          expect(Math.abs(first - second)).toBeLessThan(40 * TOLERANCE);
        }
      }
    } finally {
      useMatmulKernel(device, undefined);
      Object.assign(device, { adapterClass });
      segmenter.dispose();
      model.close();
    }
  });
});
