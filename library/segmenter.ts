/// <reference lib="esnext.disposable" preserve="true" />
import { DeviceError, RfclipError } from '../engine/errors.ts';
import type { DecodedImage } from '../clip/image/types.ts';
import type { TemplateSet } from '../clip/promptTemplates.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { ClipModel } from '../rfclip/clipModel.ts';
import type { Method, MethodName } from '../rfclip/methods/index.ts';
import { prepareImage } from '../rfclip/prepareImage.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import type { Settings } from '../rfclip/settings.ts';
import { type AbortSignalLike, throwIfAborted } from './abort.ts';
import { type ImageInput, loadImage, nameOfImage } from './images.ts';
import { type ProgressCallback, progressOf } from './progress.ts';
import { SegmentationResult } from './segmentationResult.ts';
import type { Turns } from './turns.ts';

/** How to make a segmenter: a method, and changes of its settings (`window`, `resize`, `logitScale`, ...). */
export interface SegmenterOptions extends Partial<Settings> {
  /** How dense features are read out of CLIP: a name, or a method of your own. Default `rfclip`. */
  method?: MethodName | Method;
  /** Refine label maps along image edges: `true` for the published 10 steps, or a number of steps. */
  pamr?: boolean | number;
  /**
   * A class for pixels that no other class claims; becomes label 0. Pixels whose best class has a lower probability
   * than `probabilityThreshold` (then 0.1 by default) get it.
   */
  background?: string;
  /** Prompts in which class words are put; default: CLIP's 80 for ImageNet. */
  templates?: TemplateSet;
  signal?: AbortSignalLike;
  onProgress?: ProgressCallback;
}

/** How to segment one image. */
export interface SegmentOptions {
  /** Also return the probability of every class at every pixel. */
  probabilities?: boolean;
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
}

/** How to segment several images. */
export interface SegmentManyOptions extends SegmentOptions {
  /** Told after every image. */
  onProgress?: ProgressCallback;
  /**
   * Gets the error of an image that could not be segmented, which is then left out; without it, the first error ends
   * the stream. A device that failed ends it all the same.
   */
  onError?: (error: unknown, image: ImageInput) => void;
}

/** What a segmenter shares with its model. */
export interface SegmenterParts {
  model: ClipModel;
  turns: Turns;
  pipeline: SegmentationPipeline;
  classes: ClassList;
  method: string;
  settings: Settings;
  /** Throws once the model is closed. */
  assertOpen: () => void;
}

interface LoadedImage {
  name: string;
  image: DecodedImage;
  milliseconds: number;
}

/** Turns images into label maps for one list of classes; made by `Model.segmenter`. Calls are served in order. */
export class Segmenter {
  /** The classes by index: names and all words that stand for them. */
  readonly classes: readonly { readonly name: string; readonly words: readonly string[] }[];
  /** The method's name. */
  readonly method: string;
  /** What it works with: the method's defaults, changed by what was given. */
  readonly settings: Readonly<Settings>;
  readonly #parts: SegmenterParts;
  #disposed = false;

  /** Made by `Model.segmenter`. */
  constructor(parts: SegmenterParts) {
    this.classes = parts.classes.classes;
    this.method = parts.method;
    this.settings = parts.settings;
    this.#parts = parts;
  }

  /**
   * Segments an image: a path, the bytes of a PNG or JPEG file, or RGB or RGBA pixels.
   * @throws ImageError for what cannot be decoded; RfclipError for a picture smaller than one patch; DeviceError when
   *   the device failed; the signal's reason once it is aborted
   */
  async segment(image: ImageInput, options: SegmentOptions = {}): Promise<SegmentationResult> {
    this.#assertUsable();
    return this.#segmentLoaded(await this.#load(image, nameOfImage(image), options.signal), options);
  }

  /**
   * Segments images one after another, in order, and decodes the next while the device works on one.
   * @throws as `segment`, for the first image that fails, unless `onError` takes it
   */
  async *segmentMany(
    images: Iterable<ImageInput> | AsyncIterable<ImageInput>,
    options: SegmentManyOptions = {},
  ): AsyncGenerator<SegmentationResult, void, undefined> {
    this.#assertUsable();
    const { signal, onProgress, onError } = options;
    const { model } = this.#parts;
    const total = Array.isArray(images) ? images.length : undefined;
    const file = 'images';
    onProgress?.({ status: 'initiate', name: model.file.path, file });
    let count = 0;
    for await (const { input, loaded } of this.#loadAhead(images, signal)) {
      try {
        if ('error' in loaded) throw loaded.error;
        yield await this.#segmentLoaded(loaded.value, options);
      } catch (error) {
        const isFatal = error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT';
        throwIfAborted(signal);
        if (onError === undefined || isFatal) throw error;
        onError(error, input);
      }
      onProgress?.(progressOf(model.file.path, file, ++count, total));
    }
    onProgress?.({ status: 'done', name: model.file.path, file });
  }

  /** Frees the device memory of the class list. The model stays open. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    // What was asked for before is still served.
    void this.#parts.turns.take(async () => this.#parts.pipeline.dispose()).catch(() => {});
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  async #segmentLoaded(
    { name, image, milliseconds }: LoadedImage,
    options: SegmentOptions,
  ): Promise<SegmentationResult> {
    const { model, pipeline, turns, classes, method, settings } = this.#parts;
    const { device } = model;
    return turns.take(async () => {
      this.#parts.assertOpen();
      const started = performance.now();
      const segmentation = await pipeline.segment(prepareImage(image, settings.resize), image.height, image.width, {
        probabilities: options.probabilities,
      });
      return new SegmentationResult({
        name,
        image,
        classes,
        segmentation,
        method,
        checkpoint: model.file.path,
        adapter: device.name,
        milliseconds: { decode: milliseconds, network: performance.now() - started },
        peakBufferBytes: device.pool.statistics.peakBytes,
      });
    }, options.signal);
  }

  async #load(image: ImageInput, name: string, signal: AbortSignalLike | undefined): Promise<LoadedImage> {
    throwIfAborted(signal);
    const started = performance.now();
    const decoded = await loadImage(image, name);
    return { name, image: decoded, milliseconds: performance.now() - started };
  }

  /** Every image in order, decoded while the one before it is in use. */
  async *#loadAhead(images: Iterable<ImageInput> | AsyncIterable<ImageInput>, signal: AbortSignalLike | undefined) {
    const iterator = Symbol.asyncIterator in images ? images[Symbol.asyncIterator]() : images[Symbol.iterator]();
    let index = 0;
    const next = async () => {
      const { done, value } = await iterator.next();
      if (done === true) return undefined;
      const input = value as ImageInput;
      try {
        return { input, loaded: { value: await this.#load(input, nameOfImage(input, index++), signal) } };
      } catch (error) {
        return { input, loaded: { error } };
      }
    };
    let pending = next();
    try {
      for (;;) {
        const current = await pending;
        if (current === undefined) return;
        pending = next();
        pending.catch(() => {});
        yield current;
      }
    } finally {
      await iterator.return?.();
    }
  }

  #assertUsable(): void {
    this.#parts.assertOpen();
    if (this.#disposed) throw new RfclipError('the segmenter was disposed', { code: 'RFCLIP-CLOSED' });
  }
}
