import type { ClassList } from '../rfclip/classes.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Settings } from '../rfclip/settings.ts';
import type { Turns } from './turns.ts';

/** What a segmenter shares with its model. */
export interface SegmenterParts {
  /** The model's name in progress events. */
  name: string;
  model: ClipModel;
  turns: Turns;
  /** Images that the device has at a time. */
  inFlight: number;
  pipeline: SegmentationPipeline;
  classes: ClassList;
  /** Features of the class words, [words, E]. */
  words: Float32Array;
  /** Index of the class that is the background, where one is. */
  background?: number;
  method: string;
  settings: Settings;
  /** What the caller changed in the method's own settings. */
  changes: Partial<Settings>;
  /** Frees the pipeline. */
  release: () => void;
}

const partsOfAll = new WeakMap<object, SegmenterParts>();

/** Called by every new segmenter. */
export function keepParts(segmenter: object, parts: SegmenterParts): void {
  partsOfAll.set(segmenter, parts);
}

/** What a segmenter is made of, for what looks inside; not for users. */
export function partsOf(segmenter: object): SegmenterParts {
  return partsOfAll.get(segmenter)!;
}
