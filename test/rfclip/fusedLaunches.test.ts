import { describe, expect, it } from 'vitest';
import { withMatmulKernel } from '../../engine/ops/matmulKernels.ts';
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
});
