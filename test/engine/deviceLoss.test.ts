import { describe, expect, it } from 'vitest';
import { type DeviceTrouble, watchDevice } from '../../engine/deviceLoss.ts';
import { useDevice } from '../support/device.ts';

// Declares what errors there are.
useDevice();

/** A device that can be troubled. */
function troubledDevice() {
  let lose: (info: object) => void = () => {};
  const lost = new Promise((resolve) => (lose = resolve));
  const target = Object.assign(new EventTarget(), { lost });
  const gpu = target as unknown as GPUDevice;
  const error = (cause: GPUError) =>
    target.dispatchEvent(Object.assign(new Event('uncapturederror'), { error: cause }));
  return { gpu, error, lose };
}

describe('what fails on a device', () => {
  it('is told, and whether it is gone: lost, or out of memory outside of an allocation', async () => {
    const { gpu, error, lose } = troubledDevice();
    const told: DeviceTrouble[] = [];
    const stop = watchDevice(gpu, (trouble) => told.push(trouble));
    error(new GPUValidationError('wrong usage'));
    error(new GPUOutOfMemoryError('no memory'));
    lose({ reason: 'unknown', message: 'reset' });
    await gpu.lost;
    expect(told).toEqual([
      { problem: 'wrong usage', isGone: false },
      { problem: 'no memory', isGone: true },
      { problem: 'the device was lost (unknown): reset', isGone: true },
    ]);
    stop();
    error(new GPUValidationError('later'));
    expect(told).toHaveLength(3);
  });
});
