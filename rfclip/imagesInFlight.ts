import type { AdapterClass } from '../engine/adapter.ts';
import type { Device } from '../engine/device.ts';

/**
 * How many programs the device should have at a time, so that it never waits for the one that records: on a GPU the
 * next is recorded, and the one before read, while one runs. A software adapter needs the cores that would do so.
 */
export function imagesInFlight({ adapterClass }: Pick<Device, 'adapterClass'>): number {
  return adapterClass === 'software' ? 1 : 3;
}

/**
 * How many images may share a program. Discrete GPUs spend much of an image's time on launches, which are as many for
 * several; on others its arithmetic takes far longer, and several only take more memory.
 */
export const IMAGES_TOGETHER: Readonly<Record<AdapterClass, number>> = { software: 1, integrated: 1, discrete: 4 };

/** Tokens of the windows of all images of a program, beyond which launches count for little. */
export const TOKENS_TOGETHER = 4096;
