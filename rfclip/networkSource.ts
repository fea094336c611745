import type { ImageEncoder } from '../clip/imageEncoder.ts';
import type { Device } from '../engine/device.ts';
import { DeviceError, isDeviceFailure } from '../engine/errors.ts';
import type { DenseEncoder } from './methods/index.ts';

/** What has another device to go on with when its own was lost. */
export interface Renewable {
  /** That the model is on now. */
  readonly device: Device;
  /**
   * Brings the model to another device in place of a lost one, unless that was done already.
   * @throws DeviceError where there is no other, or one that computes otherwise
   */
  renew(lost: Device): Promise<void>;
}

/** Where a pipeline gets its network from again, when the device was lost that it was on. */
export interface NetworkSource extends Renewable {
  /** The network on the present device. */
  load(): { encoder: ImageEncoder; method: DenseEncoder };
}

/** How often work is done again because its device was lost. */
const MOST_RENEWALS = 2;

/**
 * Runs work, and where the device is lost meanwhile, again on a new one, at most twice. Whatever runs a network goes
 * through here once: pipelines do it for images, `ClipModel` for words and for what others compute with its towers.
 * @param source of the device; without one, the first failure is the last
 * @param work looks up the device anew whenever it is called
 * @param onNotice told of every loss that something was done about
 * @param what is done again, such as `image`
 * @throws what `work` throws; DeviceError (`RFCLIP-DEVICE-LOST`) where three devices were lost, or there is no other
 */
export async function onNewDevices<Result>(
  source: Renewable | undefined,
  work: () => Promise<Result>,
  onNotice?: (notice: string) => void,
  what = 'image',
): Promise<Result> {
  if (source === undefined) return work();
  for (let losses = 0; ; losses++) {
    const { device } = source;
    try {
      return await work();
    } catch (error) {
      if (!isDeviceFailure(error) || !device.isLost) throw error;
      const { message, code } = error as DeviceError;
      if (losses === MOST_RENEWALS)
        throw new DeviceError(`${message}; it was so on three devices in a row, with the same ${what}`, {
          code,
          fix: "see what the driver's log says; smaller windows, or another driver, may do",
          cause: error,
        });
      await source.renew(device);
      onNotice?.(`the device was lost meanwhile, so this ${what} is done again on a new one`);
    }
  }
}
