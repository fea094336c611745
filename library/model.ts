/// <reference lib="esnext.disposable" preserve="true" />
import type { StoredTensor } from '../clip/checkpoint/checkpointFile.ts';
import { elementCount } from '../clip/checkpoint/storedValues.ts';
import type { ClipConfig } from '../clip/config.ts';
import { clipPreprocess } from '../clip/preprocess.ts';
import type { TemplateSet } from '../clip/promptTemplates.ts';
import { Device } from '../engine/device.ts';
import { RfclipError } from '../engine/errors.ts';
import { ClipModel, EMBEDDED_CHECKPOINT } from '../rfclip/clipModel.ts';
import { findMethod, METHODS, plainClip } from '../rfclip/methods/index.ts';
import { PAMR_STEPS, type Settings, settingsOf } from '../rfclip/settings.ts';
import { Tokenizer } from '../tokenizer/index.ts';
import { throwIfAborted } from './abort.ts';
import { type ClassInput, classListOf, withBackground } from './classInput.ts';
import type { HostTensor } from './hostTensor.ts';
import { type ImageInput, loadImage, nameOfImage } from './images.ts';
import type { EncodeOptions, ModelOptions } from './modelOptions.ts';
import { locateCheckpoint } from './openCheckpoints.ts';
import { type ProgressCallback, progressOf } from './progress.ts';
import { Segmenter, type SegmenterOptions } from './segmenter.ts';
import { Turns } from './turns.ts';
import { type ClassScore, classScores, normalizeRows } from './zeroShot.ts';

/** Prompts that go through the text tower together. */
const PROMPTS_PER_BATCH = 64;

/** Least probability of a class that is not the background, where there is one and nobody said otherwise. */
const BACKGROUND_THRESHOLD = 0.1;

/**
 * A CLIP checkpoint on a GPU, ready to segment, encode and classify. Calls may overlap; they are served in order.
 *
 * ```ts
 * using model = await Model.open();
 * const segmenter = await model.segmenter('cat, dog; puppy, grass');
 * const result = await segmenter.segment('photo.jpg');
 * ```
 */
export class Model {
  /** The adapter's name, as its driver gives it. */
  readonly adapter: string;
  /** Path of the checkpoint. */
  readonly checkpoint: string;
  /** Architecture of the checkpoint. */
  readonly config: ClipConfig;
  readonly #clip: ClipModel;
  readonly #turns = new Turns();
  readonly #ownsDevice: boolean;
  #closed = false;

  private constructor(clip: ClipModel, ownsDevice: boolean) {
    this.#clip = clip;
    this.#ownsDevice = ownsDevice;
    this.adapter = clip.device.name;
    this.checkpoint = clip.file.path;
    this.config = clip.config;
  }

  /**
   * Opens a checkpoint on a GPU: finds or downloads it, checks it, and uploads the image tower. The text tower follows
   * when words are encoded that no earlier run has encoded.
   * @throws DeviceError when there is no adapter; CheckpointError when the file is damaged or no CLIP ViT;
   *   DownloadError; the signal's reason once it is aborted
   */
  static async open(options: ModelOptions = {}): Promise<Model> {
    const { onProgress, signal } = options;
    throwIfAborted(signal);
    const name = options.checkpoint ?? EMBEDDED_CHECKPOINT;
    onProgress?.({ status: 'initiate', name, file: 'checkpoint' });
    const checkpoint = await locateCheckpoint(name, 'checkpoint', options);
    const dino = options.dino === undefined ? undefined : await locateCheckpoint(options.dino, 'dino', options);
    throwIfAborted(signal);
    const device = options.device ?? (await Device.create({ adapter: options.adapter }));
    try {
      const { activation, distractionDimensions, cacheText } = options;
      const onRead = onProgress === undefined ? undefined : (tensor: StoredTensor) => tower?.(tensor);
      let tower: ((tensor: StoredTensor) => void) | undefined;
      const clip = ClipModel.open({ device, checkpoint, dino, activation, distractionDimensions, cacheText, onRead });
      onProgress?.({ status: 'done', name, file: 'checkpoint' });
      throwIfAborted(signal);
      if (onProgress !== undefined) tower = countBytes(clip, name, onProgress);
      void clip.imageEncoder;
      onProgress?.({ status: 'done', name, file: 'image tower' });
      throwIfAborted(signal);
      tower = undefined;
      onProgress?.({ status: 'ready', name, file: 'checkpoint' });
      return new Model(clip, options.device === undefined);
    } catch (error) {
      if (options.device === undefined) device.destroy();
      throw error;
    }
  }

  /** The device, for tensor programs of your own beside the model. */
  get device(): Device {
    return this.#clip.device;
  }

  /** The dimensions in which distraction tokens stand out; undefined where nobody knows them (see `calibrate`). */
  get distractionDimensions(): readonly number[] | undefined {
    return this.#clip.distractionDimensions;
  }

  /**
   * A segmenter for a list of classes: their words are encoded once.
   *
   * @param classes `'cat, dog; puppy, grass'` (commas separate classes, semicolons synonyms) or a list
   * @throws ClassListError for a list that cannot be used; SettingsError; RfclipError for an unknown method, or one
   *   that needs what this model has not; the signal's reason once it is aborted
   */
  async segmenter(classes: ClassInput, options: SegmenterOptions = {}): Promise<Segmenter> {
    this.#assertOpen();
    const { method: chosen = METHODS[0], pamr, background, templates, signal, onProgress, ...changes } = options;
    const method = typeof chosen === 'string' ? findMethod(chosen) : chosen;
    const list =
      background === undefined ? classListOf(classes) : withBackground(classListOf(classes), background, 'background');
    const settings = settingsOf(method, { ...shorthands(pamr, background), ...given(changes) });
    return this.#turns.take(async () => {
      this.#assertOpen();
      // A method that lacks something should not wait for words first.
      this.#clip.denseEncoder(method, settings);
      const textFeatures = await this.#encodeWords(list.queries, templates, onProgress);
      const pipeline = await this.#clip.segmenter(list, method, settings, textFeatures);
      return new Segmenter({
        model: this.#clip,
        turns: this.#turns,
        pipeline,
        classes: list,
        method: method.name,
        settings,
        assertOpen: () => this.#assertOpen(),
      });
    }, signal);
  }

  /**
   * CLIP's feature of a whole image, [1, embedding]: short side resized to the checkpoint's input, centre cut out.
   * Source: `encode_image` and `preprocess` in OpenAI CLIP.
   * @throws ImageError for what cannot be decoded; DeviceError; the signal's reason once it is aborted
   */
  async encodeImage(image: ImageInput, options: EncodeOptions = {}): Promise<HostTensor<Float32Array>> {
    this.#assertOpen();
    throwIfAborted(options.signal);
    const decoded = await loadImage(image, nameOfImage(image));
    return this.#turns.take(async () => {
      this.#assertOpen();
      const { imageEncoder, device } = this.#clip;
      const { patch, grid } = this.config.vision;
      const size = patch * grid;
      const feature = device.scope(() =>
        plainClip.encodeClass(imageEncoder, device.tensor(clipPreprocess(decoded, size), [1, 3, size, size])),
      );
      try {
        return this.#hostRows(await feature.readFloats(), options);
      } finally {
        feature.dispose();
      }
    }, options.signal);
  }

  /**
   * CLIP's features of texts as they are, [texts, embedding]; no prompt is put around them.
   * Source: `encode_text` in OpenAI CLIP.
   * @throws TokenizerError for a text beyond the context; DeviceError; the signal's reason once it is aborted
   */
  async encodeText(texts: string | readonly string[], options: EncodeOptions = {}): Promise<HostTensor<Float32Array>> {
    this.#assertOpen();
    const all = typeof texts === 'string' ? [texts] : texts;
    const { text, embedding } = this.config;
    const { context } = text;
    const ids = new Tokenizer(text.vocabulary).tokenize(all, { contextLength: context }); // [texts, context]
    return this.#turns.take(async () => {
      const out = new Float32Array(all.length * embedding);
      for (let first = 0; first < all.length; first += PROMPTS_PER_BATCH) {
        this.#assertOpen();
        throwIfAborted(options.signal);
        const end = Math.min(first + PROMPTS_PER_BATCH, all.length);
        const rows = Array.from({ length: end - first }, (_, row) =>
          ids.subarray((first + row) * context, (first + row + 1) * context),
        );
        const features = this.device.scope(() => this.#clip.textEncoder.encode(rows)); // [rows, E]
        try {
          out.set(await features.readFloats(), first * embedding);
        } finally {
          features.dispose();
        }
      }
      return this.#hostRows(out, options);
    }, options.signal);
  }

  /**
   * Zero-shot classification of a whole image: every class with its probability, the largest first.
   *
   * @param options.templates prompts in which class words are put; default: CLIP's 80 for ImageNet
   * @throws as `encodeImage` and `segmenter`
   */
  async classify(
    image: ImageInput,
    classes: ClassInput,
    options: { templates?: TemplateSet; signal?: EncodeOptions['signal']; onProgress?: ProgressCallback } = {},
  ): Promise<ClassScore[]> {
    this.#assertOpen();
    const { templates, signal, onProgress } = options;
    const list = classListOf(classes);
    const texts = await this.#turns.take(() => this.#encodeWords(list.queries, templates, onProgress), signal);
    const feature = await this.encodeImage(image, { normalize: true, signal });
    return classScores(feature.data, texts, list, this.#clip.logitScale);
  }

  /**
   * Frees the weights, and the device if it is the model's own. Calls in work reject; later ones throw. Closing twice
   * does nothing.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#clip.close();
    if (this.#ownsDevice) this.device.destroy();
  }

  /** `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** [words, E], rows of length 1. */
  async #encodeWords(
    words: readonly string[],
    templates: TemplateSet | undefined,
    onProgress: ProgressCallback | undefined,
  ): Promise<Float32Array> {
    const file = 'text features';
    onProgress?.({ status: 'initiate', name: this.checkpoint, file });
    const features = await this.#clip.encodeWords(words, templates, (done, all) =>
      onProgress?.(progressOf(this.checkpoint, file, done, all)),
    );
    onProgress?.({ status: 'done', name: this.checkpoint, file });
    return features;
  }

  #hostRows(data: Float32Array, { normalize }: EncodeOptions): HostTensor<Float32Array> {
    const { embedding } = this.config;
    if (normalize === true) normalizeRows(data, embedding);
    return { data, shape: [data.length / embedding, embedding] };
  }

  #assertOpen(): void {
    if (this.#closed) throw new RfclipError('the model was closed', { code: 'RFCLIP-CLOSED' });
  }
}

/** Settings that options with other names stand for. */
function shorthands(pamr: boolean | number | undefined, background: string | undefined): Partial<Settings> {
  return {
    ...(pamr === undefined ? {} : { pamrSteps: typeof pamr === 'number' ? pamr : pamr ? PAMR_STEPS : 0 }),
    ...(background === undefined ? {} : { probabilityThreshold: BACKGROUND_THRESHOLD }),
  };
}

function given<Values extends object>(values: Values): Partial<Values> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Values>;
}

/** Turns tensors that were read into progress of the image tower. */
function countBytes({ file }: ClipModel, name: string, onProgress: ProgressCallback): (tensor: StoredTensor) => void {
  const what = 'image tower';
  const bytesOf = ({ shape }: StoredTensor) => 4 * elementCount(shape);
  const all = [...file.tensors.values()].filter((tensor) => tensor.name.startsWith('visual.'));
  const total = all.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  onProgress({ status: 'initiate', name, file: what });
  let loaded = 0;
  return (tensor) => onProgress(progressOf(name, what, (loaded += bytesOf(tensor)), total));
}
