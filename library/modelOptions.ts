import type { ClipActivation } from '../clip/checkpoint/checkpointFile.ts';
import type { Device } from '../engine/device.ts';
import type { AbortSignalLike } from './abort.ts';
import type { ProgressCallback } from './progress.ts';

/** How to open a model. */
export interface ModelOptions {
  /**
   * CLIP weights: a file, a folder, or a name such as `ViT-B/16`, which is downloaded once. Default: the embedded
   * checkpoint, which knows drawings only.
   */
  checkpoint?: string;
  /** DINO ViT weights, which the method `cass` needs: a file, or `DINO-ViT-B/8`. */
  dino?: string;
  /** Download nothing: a checkpoint that is known by name must be there already. Default false. */
  localFilesOnly?: boolean;
  /** Part of the name of the GPU adapter to use; default: the first that there is. */
  adapter?: string;
  /** A device that is open already; it stays open when the model is closed. Default: one of the model's own. */
  device?: Device;
  /** MLP activation of the CLIP checkpoint, where its file does not tell or tells wrong. */
  activation?: ClipActivation;
  /** Distraction dimensions, where neither the file nor a published list has them, or to replace those. */
  distractionDimensions?: readonly number[];
  /** Keep text features on disk between runs. Default true. */
  cacheText?: boolean;
  signal?: AbortSignalLike;
  onProgress?: ProgressCallback;
}

/** How to encode or classify. */
export interface EncodeOptions {
  /** Divide every feature by its length, so that products are cosines. Default false, as CLIP's own functions. */
  normalize?: boolean;
  signal?: AbortSignalLike;
}
