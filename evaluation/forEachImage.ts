import { isDeviceFailure, RfclipError } from '../engine/errors.ts';
import { describeFailure } from '../system/describeFailure.ts';
import type { Reporter } from '../system/reporter.ts';
import { uniqueStems } from '../system/uniqueStems.ts';

/** An image that could not be done. */
export interface ImageFailure {
  image: string;
  error: string;
  code: string;
}

/**
 * Does something with every image, under progress. `work` gets a name for its output files that no other image has, and
 * returns what to show of the result. An image that fails is reported, and the others go on.
 * @param isFatal tells errors that are not the fault of an image; default: none but a failed device
 * @throws DeviceError when the device failed, because then no later result could be trusted; what `isFatal` tells.
 */
export async function forEachImage(
  images: readonly string[],
  reporter: Reporter,
  work: (image: string, stem: string) => Promise<string>,
  isFatal: (error: unknown) => boolean = () => false,
): Promise<ImageFailure[]> {
  const failures: ImageFailure[] = [];
  const stems = uniqueStems(images);
  const progress = reporter.progress('segmenting', images.length);
  try {
    for (const [index, image] of images.entries()) {
      try {
        progress.step(`${image}: ${await work(image, stems[index])}`);
      } catch (error) {
        if (isDeviceFailure(error)) throw error;
        if (isFatal(error)) throw error;
        const sentence = describeFailure(error);
        failures.push({
          image,
          error: sentence,
          code: error instanceof RfclipError ? error.code : 'RFCLIP-UNEXPECTED',
        });
        progress.step(`${image}: failed`);
        reporter.failure(sentence.includes(image) ? sentence : `${image}: ${sentence}`);
      }
    }
  } finally {
    progress.stop();
  }
  return failures;
}
