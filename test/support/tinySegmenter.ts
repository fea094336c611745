import { makeClassList } from '../../rfclip/classes.ts';
import type { DenseEncoder } from '../../rfclip/methods/index.ts';
import { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../rfclip/settings.ts';
import { publishedMethod } from './methodNames.ts';
import { openCase } from './reference.ts';
import { TINY_DISTRACTION_DIMENSIONS, type TinyClip } from './useTinyClip.ts';

/** The recorded class list with synonyms. */
export const SYNONYM_WORDS = [
  ['sky', 'wall', 'tree', 'grass', 'road'],
  ['aeroplane'],
  ['bird'],
  ['person', 'person in shirt', 'person in jeans'],
  ['television monitor', 'tv monitor', 'screen'],
  ['sofa'],
];

/** Text features [14, 64] of the words above, class after class. */
export function synonymFeatures(): Float32Array {
  return openCase('segmentor/text_features/synonyms').output('query_features').values;
}

/** Windows of four by four patches with half overlap, and the semantics of the recorded predictions. */
export const TINY_SETTINGS: Settings = {
  ...structuredClone(DEFAULT_SETTINGS),
  window: 64,
  stride: 32,
  clusterThreshold: 0.4924,
  meanVectorWeight: 0.03,
  globalWeight: 0.1,
};

/** What a test wants to differ. */
export interface TinySegmenterParts {
  checkpoint?: 'tiny_a' | 'tiny_b';
  method?: DenseEncoder;
  words?: string[][];
  textFeatures?: Float32Array;
  settings?: Settings;
  workingBytes?: number;
  /** Most images that share a program; default: as always, one on a CPU adapter. */
  imagesTogether?: number;
  /** Windows that go through the network together; default: by memory, as always. */
  windowsPerBatch?: number;
}

/** A segmenter of the recorded models whose batches of windows can be chosen. The caller disposes it. */
export function tinySegmenter(tiny: TinyClip, parts: TinySegmenterParts = {}): SegmentationPipeline {
  class ChosenBatches extends SegmentationPipeline {
    override windowsPerBatch(N: number): number {
      return parts.windowsPerBatch ?? super.windowsPerBatch(N);
    }
  }
  return new ChosenBatches({
    encoder: tiny.images(parts.checkpoint ?? 'tiny_b'),
    method: parts.method ?? publishedMethod('rfclip', TINY_DISTRACTION_DIMENSIONS),
    classes: makeClassList(parts.words ?? SYNONYM_WORDS, 'the classes'),
    textFeatures: parts.textFeatures ?? synonymFeatures(),
    settings: parts.settings ?? TINY_SETTINGS,
    workingBytes: parts.workingBytes,
    imagesTogether: parts.imagesTogether,
  });
}
