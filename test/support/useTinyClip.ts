import { afterAll, beforeAll, expect } from 'vitest';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { inferConfig } from '../../clip/config.ts';
import { ImageEncoder } from '../../clip/imageEncoder.ts';
import { TextEncoder } from '../../clip/textEncoder.ts';
import { Device, type Tensor } from '../../engine/index.ts';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';
import { openTinyClip } from './tinyClip.ts';

/** The recorded models on a device that is opened before the tests of a file and destroyed after them. */
export interface TinyClip {
  readonly device: Device;
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
 */
export function useTinyClip(): TinyClip {
  const files: CheckpointFile[] = [];
  const encoders = new Map<string, ImageEncoder>();
  let device: Device | undefined;
  let texts: TextEncoder | undefined;
  let weightBytes = 0;
  beforeAll(async () => {
    device = await Device.create({ debug: '' });
    // Made now, so that it does not look like a leak of the first op that binds it.
    void device.placeholder;
    for (const name of ['tiny_a', 'tiny_b'] as const) {
      const file = openTinyClip(name);
      files.push(file);
      encoders.set(name, ImageEncoder.load(device, file, inferConfig(file)));
    }
    texts = TextEncoder.load(device, files[0], inferConfig(files[0]));
    weightBytes = device.pool.statistics.liveBytes;
  });
  afterAll(() => {
    const live = device?.pool.statistics.liveBytes;
    device?.destroy();
    for (const file of files) file.close();
    expect(live, 'live bytes at the end of the file').toBe(weightBytes);
  });
  const opened = (): Device => {
    if (device === undefined) throw new Error('the models are loaded in beforeAll; use them inside of a test');
    return device;
  };
  return {
    get device() {
      return opened();
    },
    images: (checkpoint) => (opened(), encoders.get(checkpoint)!),
    get texts() {
      return (opened(), texts!);
    },
    get weightBytes() {
      return weightBytes;
    },
    upload: ({ data, height, width }) => opened().tensor(data, [1, 3, height, width]),
  };
}
