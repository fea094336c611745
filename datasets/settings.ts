import type { MethodName } from '../rfclip/methods/index.ts';
import { SEMANTICS_DEFAULTS, type SegmenterOptions } from '../rfclip/segmenterOptions.ts';

/** Everything about an evaluation that a published configuration sets. Plain JSON, so that results can carry it. */
export interface EvaluationSettings {
  /** Bounds of the network's image size in pixels: long side, short side. */
  resize: [number, number];
  /** Side of the sliding windows in pixels; 0 takes the image whole. */
  window: number;
  /** Step of the sliding windows in pixels. */
  stride: number;
  /** Multiplies cosine similarities before the softmax. */
  logitScale: number;
  /** Pixels whose best class has a lower probability become class 0. */
  probabilityThreshold: number;
  /** RF-CLIP, CASS: cosine distance at which clusters of class words are cut. */
  clusterThreshold: number;
  /** RF-CLIP, CASS: share of the image's own feature in a cluster leader's text feature. */
  meanVectorWeight: number;
  /** RF-CLIP, CASS: share of the global similarity in the logits. */
  globalWeight: number;
  /** RF-CLIP, CASS: image feature of each window instead of the whole image. */
  globalPerWindow: boolean;
  /**
   * SCLIP: classes (but the first) that cover at most this share of all but the first are dropped; `null` drops none.
   */
  areaThreshold: number | null;
  /** Steps of PAMR; 0 leaves it out. */
  pamrSteps: number;
  pamrDilations: number[];
  /** CASS: draw the eigenvalues of DINO's graphs apart. */
  stretchSpectrum: boolean;
}

/** The code bases whose settings were published. */
export type PublishedMethod = 'rfclip' | 'cass' | 'naclip' | 'sclip';

/** What a benchmark's published configurations change in `PUBLISHED_DEFAULTS`, by code base. */
export type PublishedSettings = Record<PublishedMethod, Partial<EvaluationSettings>>;

const COMMON: EvaluationSettings = {
  resize: [2048, 336],
  window: 224,
  stride: 112,
  logitScale: 40,
  probabilityThreshold: 0,
  clusterThreshold: 0,
  meanVectorWeight: 0,
  globalWeight: 0,
  globalPerWindow: false,
  areaThreshold: null,
  pamrSteps: 0,
  pamrDilations: [8, 16],
  stretchSpectrum: true,
};

/**
 * What the published code does where a benchmark's configuration says nothing. PAMR is what the evaluation scripts use
 * without further flags: off, but 10 steps for NACLIP.
 * Source: the segmentor classes and `configs/base_config.py` of the four code bases.
 */
export const PUBLISHED_DEFAULTS: Readonly<Record<PublishedMethod, EvaluationSettings>> = {
  rfclip: COMMON,
  cass: COMMON,
  naclip: { ...COMMON, pamrSteps: 10 },
  sclip: COMMON,
};

/**
 * Settings of a method on a benchmark. Variants of RF-CLIP take RF-CLIP's. Nobody published settings for plain CLIP and
 * MaskCLIP in this protocol: they take RF-CLIP's size, windows and threshold, without its image semantics, so that what
 * differs is the method.
 *
 * @param published a benchmark's `settings`; without it (own data), the defaults of the segment command
 */
export function settingsFor(method: MethodName, published?: PublishedSettings): EvaluationSettings {
  const family = familyOf(method);
  const own = published === undefined ? (family === 'rfclip' ? SEMANTICS_DEFAULTS : {}) : published[family];
  const settings = structuredClone({ ...PUBLISHED_DEFAULTS[family], ...own });
  if (published === undefined) settings.pamrSteps = 0;
  return method === 'clip' || method === 'maskclip'
    ? { ...settings, clusterThreshold: 0, meanVectorWeight: 0, globalWeight: 0, globalPerWindow: false }
    : settings;
}

function familyOf(method: MethodName): PublishedMethod {
  return method === 'cass' || method === 'naclip' || method === 'sclip' ? method : 'rfclip';
}

/** The part of the settings that the segmenter takes; `resize` goes to `prepareImage`, `stretchSpectrum` to CASS. */
export function segmenterOptionsOf(settings: EvaluationSettings): SegmenterOptions {
  const { clusterThreshold, meanVectorWeight, globalWeight, globalPerWindow } = settings;
  return {
    window: settings.window === 0 ? undefined : { crop: settings.window, stride: settings.stride },
    logitScale: settings.logitScale,
    probabilityThreshold: settings.probabilityThreshold,
    // With both weights 0 the image feature has no influence, so it need not be computed.
    semantics:
      meanVectorWeight === 0 && globalWeight === 0
        ? undefined
        : { clusterThreshold, meanVectorWeight, globalWeight, perWindow: globalPerWindow },
    pamr: settings.pamrSteps === 0 ? undefined : { steps: settings.pamrSteps, dilations: settings.pamrDilations },
    areaThreshold: settings.areaThreshold ?? undefined,
  };
}
