import { afterAll, beforeAll, expect } from 'vitest';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import type { TextEncoder } from '../../clip/textEncoder.ts';
import { SharedModels } from '../../conformance/index.ts';
import { Device, type Tensor } from '../../engine/index.ts';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';
import { recordings } from './reference.ts';

/** Distraction dimensions that the recordings of RF-CLIP were made with; 3, 29 and 78 really stand out in `tiny_b`. */
export const TINY_DISTRACTION_DIMENSIONS = [3, 17, 29, 44, 61, 78, 95, 120];

/** The recorded models on a device that is opened before the tests of a file and destroyed after them. */
export interface TinyClip {
  readonly device: Device;
  readonly models: SharedModels;
  images(checkpoint: 'tiny_a' | 'tiny_b'): ImageEncoder;
  /** The text tower, the same for both models. */
  readonly texts: TextEncoder;
  /** Bytes that the weights take: what is live between tests. */
  readonly weightBytes: number;
  /** An image as [1, 3, H, W], in the caller's scope. */
  upload(image: NormalisedImage): Tensor;
}

/**
 * Loads the recorded models for the calling test file. After its tests, nothing but the weights may be alive on the
 * device: weights live as long as the device.
 * @param load loads what else the file needs.
 */
export function useTinyClip(load?: (models: SharedModels) => void): TinyClip {
  let models: SharedModels | undefined;
  let otherBytes = 0;
  beforeAll(async () => {
    const device = await Device.create({ debug: '' });
    // Made now, so that it does not look like a leak of the first op that binds it.
    void device.placeholder;
    models = new SharedModels(device, recordings);
    for (const name of ['tiny_a', 'tiny_b']) void models.model(name).images;
    void models.model('tiny_a').texts;
    load?.(models);
    otherBytes = device.pool.statistics.liveBytes - models.weightBytes;
  });
  const opened = (): SharedModels => {
    if (models === undefined) throw new Error('the models are loaded in beforeAll; use them inside of a test');
    return models;
  };
  const weightBytes = () => otherBytes + opened().weightBytes;
  afterAll(() => {
    if (models === undefined) return;
    const live = models.device.pool.statistics.liveBytes;
    models.device.destroy();
    expect(live, 'live bytes at the end of the file').toBe(weightBytes());
  });
  return {
    get device() {
      return opened().device;
    },
    get models() {
      return opened();
    },
    images: (checkpoint) => opened().model(checkpoint).images,
    get texts() {
      return opened().model('tiny_a').texts;
    },
    get weightBytes() {
      return weightBytes();
    },
    upload: ({ data, height, width }) => opened().device.tensor(data, [1, 3, height, width]),
  };
}
