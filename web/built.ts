/** A picture that ships with the page. */
export interface Example {
  id: string;
  /** What it shows. */
  title: string;
  /** Addresses of the picture and of a small one, from the page. */
  file: string;
  thumbnail: string;
  /** Of the small one, in pixels. */
  width: number;
  height: number;
  /** As chips have them. */
  classes: readonly string[];
  isPhoto: boolean;
}

/** A way to read dense features out of CLIP. */
export interface OfferedMethod {
  name: string;
  summary: string;
  source: string;
}

/** What the build knows; `scripts/web/build.mjs` makes it. Addresses are from the page. */
export interface Built {
  version: string;
  /** The module of the worker. */
  worker: string;
  /** The style of the panels of an explanation. */
  explainStyle: string;
  /** Recorded calls of published code, in a zip archive. */
  recordings: string;
  /** Bytes of the archive. */
  recordingsSize: number;
  examples: readonly Example[];
  methods: readonly OfferedMethod[];
  /** Names that the weights that ship were taught, synonyms left out. */
  names: readonly string[];
}

declare const BUILT: Built;

/** What the build knows. */
export const built: Built = BUILT;
