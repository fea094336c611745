/// <reference lib="esnext.disposable" preserve="true" />
import { whenRead } from '../clip/checkpoint/lateReads.ts';
import type { ClipConfig } from '../clip/config.ts';
import type { TemplateSet } from '../clip/promptTemplates.ts';
import type { Device } from '../engine/device.ts';
import { openDevice } from '../engine/openDevice.ts';
import { backgroundClass } from '../rfclip/backgroundClass.ts';
import { ClipModel, EMBEDDED_CHECKPOINT } from '../rfclip/clipModel.ts';
import { METHODS } from '../rfclip/methods/index.ts';
import { IMAGES_TOGETHER, imagesInFlight } from '../rfclip/imagesInFlight.ts';
import type { SegmentationPipeline } from '../rfclip/segmentationPipeline.ts';
import { type AbortSignalLike, throwIfAborted } from '../system/abort.ts';
import { handledLater } from '../system/handledLater.ts';
import { checkOptions } from './checkOptions.ts';
import { type ClassInput, classListOf, withBackground } from './classInput.ts';
import { imageFeature, loadForClip, textFeatures, tokenizeTexts } from './clipFeatures.ts';
import type { HostTensor } from './hostTensor.ts';
import type { ImageInput } from './images.ts';
import { type KernelTimes, kernelTimesOf } from './kernelTimes.ts';
import {
  CLASSIFY_OPTIONS,
  type ClassifyOptions,
  ENCODE_OPTIONS,
  type EncodeOptions,
  MODEL_OPTIONS,
  type ModelOptions,
} from './modelOptions.ts';
import { checkPrecision } from './checkPrecision.ts';
import { checkSources, locateCheckpoint, releaseCheckpoint } from './openCheckpoints.ts';
import { Stage } from './progress.ts';
import { Segmenter } from './segmenter.ts';
import { chosenMethod, chosenSettings, settingChanges } from './segmenterSettings.ts';
import { SEGMENTER_OPTIONS, type SegmenterOptions } from './segmenterOptions.ts';
import { templateSetOf } from './templateInput.ts';
import { TowerReads } from './towerReads.ts';
import { Turns } from './turns.ts';
import { type ClassScore, classScores, normalizeRows } from './zeroShot.ts';

/** What the checkpoint that ships is called in progress events. */
const EMBEDDED_NAME = 'microclip';

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
  /** In what the networks' products are computed. */
  readonly precision: 'f32' | 'f16';
  /** Path of the checkpoint. */
  readonly checkpoint: string;
  /** Architecture of the checkpoint. */
  readonly config: ClipConfig;
  /** What was decided about the checkpoints that their files do not say: parts left out, activation, heads. */
  readonly notes: readonly string[];
  readonly #name: string;
  readonly #clip: ClipModel;
  readonly #reads: TowerReads;
  readonly #turns: Turns;
  /** Of the segmenters that were not closed. */
  readonly #pipelines = new Set<SegmentationPipeline>();
  /** Opened for this model alone. */
  readonly #ownDevice: Device | undefined;

  private constructor(name: string, clip: ClipModel, reads: TowerReads, ownDevice: Device | undefined) {
    this.#name = name;
    this.#clip = clip;
    this.#reads = reads;
    this.#ownDevice = ownDevice;
    this.#turns = new Turns(imagesInFlight(clip.device) * IMAGES_TOGETHER[clip.device.adapterClass]);
    this.adapter = clip.device.name;
    this.precision = clip.device.products.precision;
    this.checkpoint = clip.file.path;
    this.config = clip.config;
    this.notes = clip.notes;
  }

  /**
   * Opens a checkpoint on a GPU: finds or downloads it, checks it, and uploads the image tower. The text tower follows
   * when words are encoded that no earlier run has encoded.
   * @throws DeviceError when there is no adapter, or none with the precision asked for; CheckpointError when the file
   *   is damaged or no CLIP ViT; DownloadError; the signal's reason once it is aborted
   */
  static async open(options: ModelOptions = {}): Promise<Model> {
    checkOptions(options, MODEL_OPTIONS, 'Model.open');
    checkPrecision(options);
    const { onProgress, signal, adapter, adapterClass, precision, profile } = options;
    throwIfAborted(signal);
    const { checkpoint: name = EMBEDDED_NAME, dino: dinoName = '' } = checkSources(options);
    const clipStage = new Stage(onProgress, name, 'checkpoint');
    clipStage.begin();
    const checkpoint = await locateCheckpoint(options.checkpoint ?? EMBEDDED_CHECKPOINT, clipStage, options);
    const dinoStage = new Stage(onProgress, dinoName, 'dino');
    if (options.dino !== undefined) dinoStage.begin();
    const dino = options.dino === undefined ? undefined : await locateCheckpoint(options.dino, dinoStage, options);
    throwIfAborted(signal);
    const open = () => openDevice({ adapter, adapterClass, precision, profileKernels: profile });
    const device = options.device ?? (await open());
    const reopen = options.reopenDevice ?? (options.device === undefined ? open : undefined);
    const reads = new TowerReads();
    const { onRead } = reads;
    let clip: ClipModel | undefined;
    try {
      throwIfAborted(signal);
      const parts = { ...options, device, reopen: reopen || undefined, checkpoint, dino: undefined, onRead };
      clip = await whenRead(() => ClipModel.open(parts));
      if (dino !== undefined) await clip.openDino(dino, options.dinoPrefix).finally(() => releaseCheckpoint(dino));
      const { file } = clip;
      clipStage.end();
      if (dino !== undefined) dinoStage.end();
      const stage = new Stage(onProgress, name, 'image tower');
      await reads.during('image tower', { file, stage, signal }, () => clip?.loadImageTower());
      throwIfAborted(signal);
      onProgress?.({ status: 'ready', name, file: 'checkpoint' });
      return new Model(name, clip, reads, options.device === undefined ? device : undefined);
    } catch (error) {
      clip?.close();
      releaseCheckpoint(checkpoint);
      if (options.device === undefined) device.destroy();
      throw error;
    }
  }

  /** The device, for tensor programs of your own beside the model; another one once it was lost. */
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
   * @throws ClassListError for a list that cannot be used; SettingsError, also for a probability threshold where no
   *   class is the background; RfclipError for an unknown method, or one that needs what this model has not; the
   *   signal's reason once it is aborted
   */
  async segmenter(classes: ClassInput, options: SegmenterOptions = {}): Promise<Segmenter> {
    this.#turns.assertOpen();
    checkOptions(options, SEGMENTER_OPTIONS, 'segmenter');
    const { method: chosen = METHODS[0], background, templates, signal, onProgress, ...changes } = options;
    const prompts = { templates: templateSetOf(templates), signal, onProgress };
    const method = chosenMethod(chosen);
    const given = classListOf(classes);
    const list = background === undefined ? given : withBackground(given, background, 'background');
    const settings = chosenSettings(method, list, { ...changes, background });
    const work = async () => {
      let words: Float32Array = new Float32Array();
      const encode = async () => (words = await this.#encodeWords(list.queries, prompts));
      const pipeline = await this.#clip.segmenter(list, method, settings, encode);
      this.#pipelines.add(pipeline);
      return new Segmenter({
        name: this.#name,
        model: this.#clip,
        turns: this.#turns,
        inFlight: imagesInFlight(this.device),
        pipeline,
        classes: list,
        words,
        background: background === undefined ? backgroundClass(list) : 0,
        method: method.name,
        settings,
        changes: settingChanges({ ...changes, background }),
        release: () => {
          this.#pipelines.delete(pipeline);
          pipeline.dispose();
        },
      });
    };
    return this.#turns.take(work, signal, (unwanted) => unwanted.close());
  }

  /**
   * CLIP's feature of a whole image, [1, embedding]: short side resized to the checkpoint's input, centre cut out.
   * Source: `encode_image` and `preprocess` in OpenAI CLIP.
   * @throws ImageError for what cannot be decoded; DeviceError; the signal's reason once it is aborted
   */
  async encodeImage(image: ImageInput, options: EncodeOptions = {}): Promise<HostTensor<Float32Array>> {
    this.#turns.assertOpen();
    checkOptions(options, ENCODE_OPTIONS, 'encodeImage');
    throwIfAborted(options.signal);
    const pixels = handledLater(loadForClip(image, this.config, options));
    const work = async () => this.#hostRows(await imageFeature(this.#clip, await pixels), options);
    return this.#turns.take(work, options.signal);
  }

  /**
   * CLIP's features of texts as they are, [texts, embedding]; no prompt is put around them.
   * Source: `encode_text` in OpenAI CLIP.
   * @throws TokenizerError for what is no text, or longer than the context; DeviceError; the signal's reason once it is
   *   aborted
   */
  async encodeText(texts: string | readonly string[], options: EncodeOptions = {}): Promise<HostTensor<Float32Array>> {
    this.#turns.assertOpen();
    checkOptions(options, ENCODE_OPTIONS, 'encodeText');
    throwIfAborted(options.signal);
    const rows = tokenizeTexts(texts, this.config);
    const check = () => this.#assertWanted(options.signal);
    const work = async () => this.#hostRows(await textFeatures(this.#clip, rows, check), options);
    return this.#turns.take(work, options.signal);
  }

  /**
   * Zero-shot classification of a whole image: every class with its probability, the largest first.
   * @throws CheckpointError where the checkpoint has no logit scale; else as `encodeImage` and `segmenter`
   */
  async classify(image: ImageInput, classes: ClassInput, options: ClassifyOptions = {}): Promise<ClassScore[]> {
    this.#turns.assertOpen();
    checkOptions(options, CLASSIFY_OPTIONS, 'classify');
    throwIfAborted(options.signal);
    const list = classListOf(classes);
    const templates = templateSetOf(options.templates);
    const pixels = handledLater(loadForClip(image, this.config, options));
    const work = async () => {
      const logitScale = await whenRead(() => this.#clip.logitScale);
      // An image that cannot be read should not wait for words first.
      const feature = normalizeRows(await imageFeature(this.#clip, await pixels), this.config.embedding);
      const words = await this.#encodeWords(list.queries, { ...options, templates });
      return classScores(feature, words, list, logitScale);
    };
    return this.#turns.take(work, options.signal);
  }

  /** Time per kernel where `profile` asked for it; `reset` begins anew afterwards. @throws RfclipError once closed */
  kernelTimes({ reset = false }: { reset?: boolean } = {}): KernelTimes {
    this.#turns.assertOpen();
    const times = kernelTimesOf(this.device);
    if (reset) this.device.profiler?.reset();
    return times;
  }

  /**
   * Frees the weights and all segmenters, and the device if it is the model's own. Calls in work or in line reject with
   * RfclipError (`RFCLIP-CLOSED`), as later ones do. Closing twice does nothing.
   */
  close(): void {
    if (!this.#turns.close()) return;
    for (const pipeline of this.#pipelines) pipeline.dispose();
    this.#pipelines.clear();
    this.#clip.close();
    releaseCheckpoint(this.checkpoint);
    this.#ownDevice?.destroy();
  }

  /** `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** [words, E], rows of length 1. */
  async #encodeWords(words: readonly string[], { templates, signal, onProgress }: WordOptions): Promise<Float32Array> {
    const check = () => this.#assertWanted(signal);
    check();
    const stage = new Stage(onProgress, this.#name, 'text features');
    stage.begin();
    const tower = { file: this.#clip.file, stage: new Stage(onProgress, this.#name, 'text tower'), signal };
    const features = await this.#reads.during('text tower', tower, () =>
      this.#clip.encodeWords(words, templates, (done, all) => {
        check();
        stage.advance(done, all);
      }),
    );
    stage.advance(words.length, words.length);
    stage.end();
    check();
    return features;
  }

  /** For work of several steps, none of which should begin once nobody wants it. */
  #assertWanted(signal: AbortSignalLike | undefined): void {
    this.#turns.assertOpen();
    throwIfAborted(signal);
  }

  #hostRows(data: Float32Array, { normalize }: EncodeOptions): HostTensor<Float32Array> {
    const { embedding } = this.config;
    if (normalize === true) normalizeRows(data, embedding);
    return { data, shape: [data.length / embedding, embedding] };
  }
}

/** How words are encoded. */
interface WordOptions extends Omit<ClassifyOptions, 'templates'> {
  templates: TemplateSet | undefined;
}
