import type { Device } from '../engine/device.ts';

/**
 * How many images the device should have at a time, so that it never waits for the one that records: on a GPU the next
 * is recorded, and the one before read, while one runs. A software adapter needs the cores that would do so.
 */
export function imagesInFlight({ adapterClass }: Pick<Device, 'adapterClass'>): number {
  return adapterClass === 'software' ? 1 : 3;
}
