import type { StoredTensor } from '../clip/checkpoint/checkpointFile.ts';
import type { ClipConfig } from '../clip/config.ts';
import type { Device } from '../engine/device.ts';

/** How to open a model. */
export interface ClipModelOptions {
  device: Device;
  /** Opens another device like it, for when it was lost; those are destroyed when the model is closed. */
  reopen?: () => Promise<Device>;
  /** Path of a checkpoint; default: the embedded one. */
  checkpoint?: string;
  /** What the names of the wanted CLIP begin with in the file, where it holds several. */
  prefix?: string;
  /** Path of a DINO ViT checkpoint, which CASS needs. */
  dino?: string;
  /** What the names of the wanted DINO ViT begin with in its file, where it holds several. */
  dinoPrefix?: string;
  /** MLP activation of the CLIP checkpoint, where its file does not tell or tells wrong. */
  activation?: ClipConfig['activation'];
  /** Distraction dimensions, where neither the file nor a published list has them, or to replace those. */
  distractionDimensions?: readonly number[];
  /** Keep text features on disk between runs. Default true. */
  cacheText?: boolean;
  /** Gets every tensor of the CLIP checkpoint that was read for a tower. */
  onRead?: (tensor: StoredTensor) => void;
}
