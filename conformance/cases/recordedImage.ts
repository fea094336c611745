import type { RgbImage } from '../../clip/image/types.ts';
import { normaliseForDense } from '../../clip/preprocess.ts';
import type { NormalisedImage } from '../../rfclip/prepareImage.ts';
import type { CaseChecks } from '../comparison/caseChecks.ts';
import { ConformanceError } from '../reading/manifest.ts';

/**
 * The input `image` of a case: recorded as the network takes it, [1, 3, height, width], or as RGB bytes
 * [height, width, 3], which are normalised here as MMSegmentation does.
 * @throws ConformanceError, CheckpointError when there is none or it has another shape.
 */
export function recordedImage(checks: CaseChecks): NormalisedImage {
  const { values, shape, dtype } = checks.input('image');
  if (dtype === 'uint8') {
    const { height, width } = rgbImage(checks, 'image');
    return { data: normaliseForDense({ data: Uint8Array.from(values), height, width }), height, width };
  }
  if (shape.length !== 4 || shape[0] !== 1 || shape[1] !== 3)
    throw new ConformanceError(`the input image is [${shape.join(', ')}], expected [1, 3, height, width]`);
  return { data: values, height: shape[2], width: shape[3] };
}

/** An input of RGB bytes [height, width, 3]. @throws as `recordedImage`. */
export function rgbImage(checks: CaseChecks, role: string): RgbImage {
  const { values, shape } = checks.input(role);
  if (shape.length !== 3 || shape[2] !== 3)
    throw new ConformanceError(`the input ${role} is [${shape.join(', ')}], expected [height, width, 3]`);
  return { height: shape[0], width: shape[1], data: Uint8Array.from(values) };
}
