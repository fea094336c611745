import type { ImageLimits } from '../clip/image/limits.ts';
import type { Method, MethodName } from '../rfclip/methods/index.ts';
import { SETTING_LIMITS, type Settings } from '../rfclip/settings.ts';
import type { AbortSignalLike } from '../system/abort.ts';
import type { OptionKinds } from './checkOptions.ts';
import type { ImageInput } from './images.ts';
import type { ProgressCallback } from './progress.ts';
import type { TemplateInput } from './templateInput.ts';

/** How to make a segmenter: a method, and changes of its settings (`window`, `resize`, `logitScale`, ...). */
export interface SegmenterOptions extends Partial<Settings> {
  /** How dense features are read out of CLIP: a name, or a method of your own. Default `rfclip`. */
  method?: MethodName | Method;
  /** Refine label maps along image edges: `true` for the published 10 steps, or a number of steps. */
  pamr?: boolean | number;
  /**
   * A class for pixels that no other class claims; becomes label 0. Pixels whose best class has a lower probability
   * than `probabilityThreshold` (then 0.1 by default) get it. It may be one of the classes, which becomes the first.
   */
  background?: string;
  /** Prompts in which class words are put, such as `['a photo of a {}.']`; default: CLIP's 80 for ImageNet. */
  templates?: TemplateInput;
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
  onProgress?: ProgressCallback;
}

/** How to segment one image. */
export interface SegmentOptions extends ImageLimits {
  /** Also return the probability of every class at every pixel. */
  probabilities?: boolean;
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
}

/** How to trace a run. */
export interface TraceOptions extends ImageLimits {
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
}

/** How to segment several images. */
export interface SegmentManyOptions extends SegmentOptions {
  /** Told after every image. */
  onProgress?: ProgressCallback;
  /**
   * Gets the error of an image that could not be segmented, which is then left out; without it, the first error ends
   * the stream. A device that failed ends it all the same, as closing does.
   */
  onError?: (error: unknown, image: ImageInput) => void;
}

/** What `checkOptions` lets pass. */
export const SEGMENTER_OPTIONS: OptionKinds<SegmenterOptions> = {
  ...(Object.fromEntries(Object.keys(SETTING_LIMITS).map((name) => [name, 'any'])) as OptionKinds<Settings>),
  method: 'any',
  pamr: 'any',
  background: 'string',
  templates: 'any',
  signal: 'any',
  onProgress: 'function',
};
export const SEGMENT_OPTIONS: OptionKinds<SegmentOptions> = {
  probabilities: 'boolean',
  maxMegapixels: 'any',
  signal: 'any',
};
export const SEGMENT_MANY_OPTIONS: OptionKinds<SegmentManyOptions> = {
  ...SEGMENT_OPTIONS,
  onProgress: 'function',
  onError: 'function',
};
export const TRACE_OPTIONS: OptionKinds<TraceOptions> = { maxMegapixels: 'any', signal: 'any' };
