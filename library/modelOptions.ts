import type { ClipActivation } from '../clip/checkpoint/checkpointFile.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import type { AdapterClass } from '../engine/adapter.ts';
import type { Device } from '../engine/device.ts';
import type { Declared } from '../engine/gpuTypes.ts';
import type { Precision } from '../engine/precision.ts';
import type { AbortSignalLike } from '../system/abort.ts';
import type { OptionKinds } from './checkOptions.ts';
import type { ProgressCallback } from './progress.ts';
import type { TemplateInput } from './templateInput.ts';

/** Where weights come from in a browser. */
export type BrowserCheckpoint = Declared<'Blob'> | { readonly href: string } | ArrayBuffer;

/** How to open a model. */
export interface ModelOptions {
  /**
   * CLIP weights: a file, a folder, or a name such as `ViT-B/16`, which is downloaded once; in a browser a File or
   * Blob, which is read by slices, an address, which is fetched, or bytes. Default: the embedded checkpoint, microclip,
   * which knows drawings only; `planted` is the same with planted distraction tokens.
   */
  checkpoint?: string | BrowserCheckpoint;
  /** What the names of the wanted CLIP begin with in the file, such as `ema.`, where it holds several. */
  prefix?: string;
  /** DINO ViT weights, which the method `cass` needs: a file, or `DINO-ViT-B/8`; in a browser as `checkpoint`. */
  dino?: string | BrowserCheckpoint;
  /** What the names of the wanted DINO ViT begin with in its file, such as `student.`, where it holds several. */
  dinoPrefix?: string;
  /** Download nothing: a checkpoint that is known by name must be there already. Default false. */
  localFilesOnly?: boolean;
  /** Part of the name of the GPU adapter to use; default: the first that there is. The same for the whole process. */
  adapter?: string;
  /**
   * The class whose kernels and sizes to take, where the adapter's name tells wrong: browsers hide most of it. Default:
   * RFCLIP_ADAPTER_CLASS, else what the name says.
   */
  adapterClass?: AdapterClass;
  /**
   * In what the networks' products are computed: `f32`, the reference; `f16`: rounded factors, f32 sums, half the
   * memory; `auto` (the default): f16 on GPUs with matrix units that multiply right, else f32. A device of your own has
   * its precision already (`openDevice`).
   */
  precision?: Precision;
  /** Time every kernel, for `kernelTimes`; each then runs alone, so all together is a little slower. Default false. */
  profile?: boolean;
  /** A device that is open already; it stays open when the model is closed. Default: one of the model's own. */
  device?: Device;
  /**
   * Opens another device of the same adapter and precision to go on with where `device` is lost. The model destroys it
   * when it is closed. A model with a device of its own needs none; `false` lets that end with its device, too.
   */
  reopenDevice?: (() => Promise<Device>) | false;
  /** MLP activation of the CLIP checkpoint, where its file does not tell or tells wrong. */
  activation?: ClipActivation;
  /** Distraction dimensions, where neither the file nor a published list has them, or to replace those. */
  distractionDimensions?: readonly number[];
  /** Keep text features on disk between runs. Default true. */
  cacheText?: boolean;
  /** Gives it up. */
  signal?: AbortSignalLike;
  onProgress?: ProgressCallback;
}

/** How to encode. */
export interface EncodeOptions extends ImageLimits {
  /** Divide every feature by its length, so that products are cosines. Default false, as CLIP's own functions. */
  normalize?: boolean;
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
}

/** How to classify an image. */
export interface ClassifyOptions extends ImageLimits {
  /** Prompts in which class words are put, such as `['a photo of a {}.']`; default: CLIP's 80 for ImageNet. */
  templates?: TemplateInput;
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
  onProgress?: ProgressCallback;
}

/** What `checkOptions` lets pass. */
export const MODEL_OPTIONS: OptionKinds<ModelOptions> = {
  checkpoint: 'any',
  prefix: 'string',
  dino: 'any',
  dinoPrefix: 'string',
  localFilesOnly: 'boolean',
  adapter: 'string',
  adapterClass: 'any',
  precision: 'any',
  profile: 'boolean',
  device: 'any',
  reopenDevice: 'function or false',
  activation: 'any',
  distractionDimensions: 'any',
  cacheText: 'boolean',
  signal: 'any',
  onProgress: 'function',
};
export const ENCODE_OPTIONS: OptionKinds<EncodeOptions> = { normalize: 'boolean', maxMegapixels: 'any', signal: 'any' };
export const CLASSIFY_OPTIONS: OptionKinds<ClassifyOptions> = {
  templates: 'any',
  maxMegapixels: 'any',
  signal: 'any',
  onProgress: 'function',
};
