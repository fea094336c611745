import type { Linkage } from './clustering.ts';

/** Refinement of logits along image edges. */
export interface PamrOptions {
  steps: number;
  dilations: readonly number[];
}

/** How features become a label map. */
export interface SegmenterOptions {
  /** Overlapping windows of this size and step in pixels; without it the image is taken whole. */
  window?: { crop: number; stride: number };
  /** Multiplies cosine similarities before the softmax. */
  logitScale: number;
  /** Pixels whose best class has a lower probability become class 0. */
  probabilityThreshold: number;
  /** RF-CLIP's and CASS's use of the image feature; without it logits are plain patch similarities. */
  semantics?: {
    /** Height at which clusters of class words are cut (the paper's h): a cosine distance for complete linkage. */
    clusterThreshold: number;
    /** How words are clustered: `complete` in RF-CLIP (default), `ward` in CASS. */
    linkage?: Linkage;
    /** Share of the image's own feature in a cluster leader's text feature. */
    meanVectorWeight: number;
    /** Share of the global similarity in the logits. */
    globalWeight: number;
    /** Image feature of each window instead of the whole image (the published setting for Cityscapes). */
    perWindow?: boolean;
  };
  pamr?: PamrOptions;
  /** SCLIP: classes (but the first) that cover at most this share of all but the first are dropped. */
  areaThreshold?: number;
  /**
   * Aim for the size in bytes of the largest intermediate tensor: windows go through the network in batches, and the
   * output is labelled in bands, of about this size. Default: by class of the adapter. Changes speed and memory,
   * results by rounding at most.
   */
  workingBytes?: number;
}

/** Published defaults: windows 224/112, logit scale 40, no threshold. */
export const SEGMENTER_DEFAULTS: SegmenterOptions = {
  window: { crop: 224, stride: 112 },
  logitScale: 40,
  probabilityThreshold: 0,
};

/**
 * Image semantics as published for VOC with background (`configs/cfg_voc21.py` of RF-CLIP), the default for images of
 * any kind.
 */
export const SEMANTICS_DEFAULTS = { clusterThreshold: 0.1, meanVectorWeight: 0.03, globalWeight: 0.1 } as const;

/** PAMR as published: 10 steps, dilations 8 and 16. */
export const PAMR_DEFAULTS: PamrOptions = { steps: 10, dilations: [8, 16] };
