import type { PackedFloats, PackedMaps } from './packing.ts';

/**
 * What the panels of an explanation show, as plain JSON: they know nothing else. N patches row by row, T = N + 1 tokens
 * with CLS first, H heads, C channels, L layers, K classes, P points.
 */
export interface Explanation {
  format: 'rfclip-explain-1';
  image: {
    name: string;
    /** Of the file, upright. */
    width: number;
    height: number;
    /** As the network saw it. */
    networkWidth: number;
    networkHeight: number;
  };
  model: { checkpoint: string; adapter: string; layers: number; heads: number; width: number; patch: number };
  /** Patches. */
  grid: { width: number; height: number };
  classes: { name: string; colour: [number, number, number] }[];
  /** The distraction dimensions. */
  dimensions: number[];
  values: { sigma: number; cosineThreshold: number };
  points: ExplainedPoint[];
  /** What enters layers 0 to L - 2, and what rfclip-paper does in them. */
  layers: ExplainedLayer[];
  similarities: {
    /** Classes with maps, by index. */
    shown: number[];
    /** Per shown class [N]: the best word's logit, with the paper's read-out and nothing refocused. */
    before: PackedFloats[];
    /** The same of rfclip-paper. */
    after: PackedFloats[];
    /** The class's probability at the middle of every patch, before and after. */
    probabilityBefore: PackedFloats[];
    probabilityAfter: PackedFloats[];
  };
  /** Label maps at the network's size: nothing refocused, refocused, then the methods that were asked for. */
  labels: { before: LabelledImage; after: LabelledImage; methods: LabelledImage[] };
  panels: PanelText[];
  notices: string[];
}

/** A patch whose view is shown. */
export interface ExplainedPoint {
  /** In pixels of the file. */
  x: number;
  y: number;
  patch: number;
  /** Why it was chosen: asked for, or the middle of a class. */
  title: string;
  /** Maps [L - 1, 1 + H, N] of its attention to patches: the mean of all heads, then the heads. */
  before: AttentionMaps;
  after: AttentionMaps;
  /** [L, 1 + H, N] */
  keyKey: AttentionMaps;
  /** [1 + H, N]: of the mean of all layers. */
  layerMean: AttentionMaps;
  /** [N]: cosines of the guide. */
  cosines: PackedFloats;
}

/** Attention maps of one patch, with what is said of each map in numbers. */
export interface AttentionMaps {
  maps: PackedMaps;
  /** Per map: attention to CLS, to itself, to the patch that gets most, that patch, and to all distraction tokens. */
  facts: PackedFloats;
}

/** A layer. */
export interface ExplainedLayer {
  /** [N]: score of every patch as it enters the layer. */
  phi: PackedFloats;
  /** [N]: 1 for distraction tokens. */
  isDistraction: PackedFloats;
  /** [N]: second eigenvector of the cut. */
  fiedler: PackedFloats;
  /** [N]: 1 for defocus tokens. */
  isDefocus: PackedFloats;
  /** [C]: mean share of every channel, over all patches. */
  weights: PackedFloats;
  /** [C]: the same over distraction tokens only; absent where there are none. */
  distractionWeights?: PackedFloats;
  /** [H]: part of the patches' attention that goes to distraction tokens. */
  drawnBefore: PackedFloats;
  drawnAfter: PackedFloats;
  /** Distraction tokens in what leaves the layer. */
  distractionAfter: number;
}

/** A label map of a method. */
export interface LabelledImage {
  name: string;
  summary: string;
  /** `packRuns` at the network's size. */
  runs: number[];
  /** Share of every class, [K]. */
  shares: number[];
}

/** What stands around a panel. */
export interface PanelText {
  id: string;
  title: string;
  /** One sentence: what to look for. */
  lookFor: string;
  equations: string[];
  functions: string[];
  kernels: string[];
}
