import type { ImageLimits } from '../clip/image/limits.ts';
import { readImage } from '../clip/image/readImage.ts';
import { calibrateLayers, type Calibration, readLayers } from './calibrate.ts';
import type { ClipModel } from './clipModel.ts';
import { prepareImage } from './prepareImage.ts';
import { DEFAULT_SETTINGS } from './settings.ts';

/** How `calibrateFiles` works; what its fields mean stands there. */
interface CalibrateFilesOptions extends ImageLimits {
  count?: number;
  resize?: number;
  onImage?: (path: string) => void;
  onNotice?: (notice: string) => void;
}

/**
 * `calibrate` over image files, read one after another.
 *
 * @param options.count how many dimensions; default: as many as the published lists have
 * @param options.resize pixels of the short side before the network
 * @param options.maxMegapixels how large a picture may be
 * @param options.onImage is told of every file that was read
 * @param options.onNotice gets what somebody should know about how it went
 * @throws ImageError for a file that is no image; RfclipError as `calibrate`
 */
export async function calibrateFiles(
  model: ClipModel,
  paths: readonly string[],
  options: CalibrateFilesOptions = {},
): Promise<Calibration> {
  const { count, resize = DEFAULT_SETTINGS.resize[1], onImage, onNotice } = options;
  async function* images(): AsyncGenerator<readonly Float32Array[]> {
    for (const path of paths) {
      const scale = [DEFAULT_SETTINGS.resize[0], resize] as const;
      const { data, height, width } = prepareImage(await readImage(path, options), scale, model.leastSide);
      onImage?.(path);
      yield model.onNewDevices(
        async () => readLayers(model.imageEncoder, model.device.tensor(data, [1, 3, height, width])),
        (notice) => onNotice?.(`${path}: ${notice}`),
      );
    }
  }
  return calibrateLayers(images(), model.config.vision.width, count);
}
