import { openCheckpoint } from '../clip/checkpoint/openCheckpoint.ts';
import type { CheckpointFile } from '../clip/checkpoint/checkpointFile.ts';
import { withUploads } from '../clip/checkpoint/lateReads.ts';
import { observeReads } from '../clip/checkpoint/observeReads.ts';
import { type ClipConfig, inferConfig } from '../clip/config.ts';
import type { DinoEncoder } from '../clip/dino/index.ts';
import { ImageEncoder } from '../clip/imageEncoder.ts';
import { type TemplateSet, templateSets } from '../clip/promptTemplates.ts';
import { TextEncoder } from '../clip/textEncoder.ts';
import { readLogitScale } from '../clip/logitScale.ts';
import { clipNotes, fileNotes } from '../clip/modelNotes.ts';
import { CAN_CACHE_TEXT, openTextFeatureCache } from '../clip/textFeatureCache.ts';
import { TOWERS } from '../clip/towers.ts';
import type { Device } from '../engine/device.ts';
import { RfclipError } from '../engine/errors.ts';
import { Tokenizer } from '../tokenizer/index.ts';
import type { ClassList } from './classes.ts';
import type { ClipModelOptions } from './clipModelOptions.ts';
import {
  GIVEN_DIMENSIONS,
  parseDistractionDimensions,
  publishedDistractionDimensions,
} from './distractionDimensions.ts';
import { toyNotices } from './toyNotices.ts';
import { EMBEDDED_CHECKPOINT, PLANTED_CHECKPOINT } from './embeddedFile.ts';
import { type DinoModel, loadDino, openDino } from './dinoModel.ts';
import { type DenseEncoder, makeMethod, type Method } from './methods/index.ts';
import { ModelDevice } from './modelDevice.ts';
import { onNewDevices } from './networkSource.ts';
import { SegmentationPipeline, type SegmentationPipelineParts } from './segmentationPipeline.ts';
import type { Settings } from './settings.ts';
import { keepTextFeatures, type WordFeatures } from './keptTextFeatures.ts';
import { encodeWords } from './textFeatures.ts';

export { EMBEDDED_CHECKPOINT };

/** Part of the text feature cache's key; changes whenever the tokenizer may give other ids. */
const TOKENIZER_VERSION = '1';

/**
 * A CLIP checkpoint on a device: what every method and every class list share. Text and image towers are uploaded when
 * first needed.
 */
export class ClipModel {
  readonly file: CheckpointFile;
  readonly config: ClipConfig;
  /** What names begin with in the files, where somebody chose it. */
  readonly prefixes: Pick<ClipModelOptions, 'prefix' | 'dinoPrefix'>;
  readonly #notes: readonly string[];
  readonly #givenDimensions: readonly number[] | undefined;
  readonly #cacheText: boolean;
  /** By templates; where there is no disk to keep them. */
  readonly #keptTexts = new Map<string, WordFeatures>();
  readonly #place: ModelDevice;
  #dino: DinoModel | undefined;
  #dinoFile: Parameters<ClipModel['openDino']> | undefined;
  #images: ImageEncoder | undefined;
  #texts: TextEncoder | undefined;

  private constructor(file: CheckpointFile, options: ClipModelOptions) {
    const {
      device,
      checkpoint,
      prefix,
      dino,
      dinoPrefix,
      activation,
      distractionDimensions,
      cacheText = true,
    } = options;
    this.#place = new ModelDevice(device, options.reopen, (fresh) => this.#moveTo(fresh));
    this.file = file;
    this.config = inferConfig(file, { activation });
    this.prefixes = {
      ...(prefix === undefined ? {} : { prefix }),
      ...(dinoPrefix === undefined ? {} : { dinoPrefix }),
    };
    this.#givenDimensions =
      distractionDimensions === undefined
        ? undefined
        : parseDistractionDimensions(JSON.stringify(distractionDimensions), this.config.vision.width, GIVEN_DIMENSIONS);
    this.#cacheText = cacheText && CAN_CACHE_TEXT;
    // Of those that ship, nothing was to be decided.
    const ships = [undefined, EMBEDDED_CHECKPOINT, PLANTED_CHECKPOINT].includes(checkpoint);
    this.#notes = ships ? fileNotes(file) : clipNotes(file, { activation });
    // Last, because nobody would free its weights if something else failed.
    if (dino === undefined) return;
    this.#dinoFile = [dino, dinoPrefix];
    this.#dino = loadDino(device, dino, dinoPrefix);
  }

  /** Opens and checks a checkpoint. @throws CheckpointError when it is damaged or no CLIP ViT. */
  static open(options: ClipModelOptions): ClipModel {
    const opened = openCheckpoint(options.checkpoint ?? EMBEDDED_CHECKPOINT, options);
    const file = options.onRead === undefined ? opened : observeReads(opened, options.onRead);
    try {
      return new ClipModel(file, options);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** That the model is on; another one after a loss. */
  get device(): Device {
    return this.#place.device;
  }

  /** The second checkpoint, for CASS. */
  get dino(): DinoEncoder | undefined {
    return this.#dino?.encoder;
  }

  /** What was decided about the checkpoints, for people; of those that ship, only what they say of themselves. */
  get notes(): readonly string[] {
    return [...this.#notes, ...(this.#dino?.notes ?? [])];
  }

  /** Opens the second checkpoint, whose bytes may have to be waited for. @throws CheckpointError as `open` */
  async openDino(path: string, prefix?: string): Promise<void> {
    this.#dino = await this.onNewDevices(() => openDino(this.device, path, prefix), undefined, 'checkpoint');
    this.#dinoFile = [path, prefix];
  }

  /** The image tower. @throws CheckpointError when a tensor cannot be read. */
  get imageEncoder(): ImageEncoder {
    this.#images ??= ImageEncoder.load(this.device, this.file, this.config);
    return this.#images;
  }

  /** The text tower. @throws CheckpointError when a tensor cannot be read. */
  get textEncoder(): TextEncoder {
    this.#texts ??= TextEncoder.load(this.device, this.file, this.config);
    return this.#texts;
  }

  /** `imageEncoder`, once its weights are there. @throws as it */
  async loadImageTower(): Promise<ImageEncoder> {
    const load = () => withUploads(this.device, this.file, TOWERS['image tower'], () => this.imageEncoder);
    return this.#images ?? this.onNewDevices(load, undefined, 'checkpoint');
  }

  /** `textEncoder`, once its weights are there. @throws as it */
  async loadTextTower(): Promise<TextEncoder> {
    return this.#texts ?? withUploads(this.device, this.file, TOWERS['text tower'], () => this.textEncoder);
  }

  /** The checkpoint's distraction dimensions: those given, its own list, or the published one for its architecture. */
  get distractionDimensions(): readonly number[] | undefined {
    const { width, layers, patch } = this.config.vision;
    return (
      this.#givenDimensions ??
      parseDistractionDimensions(this.file.metadata.distraction_dimensions, width, this.file.path) ??
      publishedDistractionDimensions(width, layers, patch)
    );
  }

  /** Pixels that a side of an image must have at least, for the towers to see a patch. */
  get leastSide(): number {
    return Math.max(this.config.vision.patch, this.dino?.config.patch ?? 1);
  }

  /** What a user should know about class words, and about the checkpoint where it is the toy that ships. */
  noticesOf(words: readonly string[]): string[] {
    return toyNotices(this.file, words);
  }

  /** What a method needs and this model has not, as the end of a sentence; undefined where it can run. */
  lackOf({ needs }: Method): string | undefined {
    if (needs.dino === true && this.dino === undefined)
      return 'it needs a DINO checkpoint (--dino FILE, or the option dino)';
    if (needs.distractionDimensions === true && this.distractionDimensions === undefined) {
      return "nobody knows the checkpoint's distraction dimensions";
    }
    return undefined;
  }

  /**
   * A method on this checkpoint.
   * @throws RfclipError when the method needs distraction dimensions and nobody knows the checkpoint's
   *   (`RFCLIP-NOT-CALIBRATED`), or a DINO checkpoint and there is none (`RFCLIP-NEEDS-DINO`).
   */
  denseEncoder(method: Method, settings: Settings): DenseEncoder {
    const dimensions = this.distractionDimensions;
    if (method.needs.distractionDimensions === true && dimensions === undefined) {
      throw new RfclipError(
        `checkpoint ${this.file.path} has no known distraction dimensions, which ${method.name} needs`,
        {
          code: 'RFCLIP-NOT-CALIBRATED',
          fix:
            'find them with "rfclip calibrate" and give them, with --distraction-dimensions or the option ' +
            'distractionDimensions, or use another method',
          where: this.file.path,
        },
      );
    }
    return makeMethod(method, { distractionDimensions: dimensions ?? [], dino: this.dino, settings });
  }

  /** Text features of class words, [words, E]; cached. @throws ClassListError for a word beyond the context. */
  async encodeWords(
    words: readonly string[],
    templates: TemplateSet = templateSets.imagenet80,
    onProgress?: (done: number, all: number) => void,
  ): Promise<Float32Array> {
    const { text, embedding } = this.config;
    const { prefix } = this.prefixes;
    const precision = `${this.device.products.precision}-${this.config.activation}-${text.heads}`;
    const cache = this.#cacheText
      ? openTextFeatureCache({
          checkpointSha256: this.file.sha256(),
          templateSetId: templates.id,
          tokenizerVersion: TOKENIZER_VERSION,
          width: embedding,
          precision: prefix === undefined ? precision : `${precision}-${prefix}`,
        })
      : this.#keptText(templates.id);
    const encoder = () => this.textEncoder;
    const source = {
      loadEncoder: () => this.loadTextTower(),
      get encoder() {
        return encoder();
      },
      tokenizer: new Tokenizer(text.vocabulary),
      templates,
      cache,
    };
    return this.onNewDevices(() => encodeWords(words, source, onProgress), undefined, 'text');
  }

  /** `onNewDevices` for what uses the towers itself; pipelines do so on their own. @throws as it */
  onNewDevices<R>(work: () => Promise<R>, onNotice?: (notice: string) => void, what?: string): Promise<R> {
    return onNewDevices(this.#place.renewable, work, onNotice, what);
  }

  #keptText(templates: string): WordFeatures | undefined {
    if (CAN_CACHE_TEXT) return undefined;
    const kept = this.#keptTexts.get(templates) ?? keepTextFeatures();
    this.#keptTexts.set(templates, kept);
    return kept;
  }

  /**
   * A segmenter for a class list.
   * @param textFeatures of the class words, [words, E], where they are there already, or who encodes them
   * @throws ClassListError, RfclipError as `encodeWords` and `denseEncoder`.
   */
  async segmenter(
    classes: ClassList,
    method: Method,
    settings: Settings,
    textFeatures: Float32Array | (() => Promise<Float32Array>) = () => this.encodeWords(classes.queries),
  ): Promise<SegmentationPipeline> {
    // First, since a method that lacks something should not wait for words.
    const first = { device: this.device, encoder: this.denseEncoder(method, settings) };
    const make = () => (this.device === first.device ? first.encoder : this.denseEncoder(method, settings));
    const words = textFeatures instanceof Float32Array ? textFeatures : await textFeatures();
    return this.pipeline({ classes, settings, textFeatures: words, promptLinkage: method.promptLinkage }, make);
  }

  /**
   * A pipeline with a method that `make` makes, anew for every device. Where that is lost, it moves with the model.
   * @throws DeviceError
   */
  pipeline(
    parts: Omit<SegmentationPipelineParts, 'encoder' | 'method' | 'source'>,
    make: () => DenseEncoder,
  ): Promise<SegmentationPipeline> {
    const load = () => ({ encoder: this.imageEncoder, method: make() });
    const source = this.#place.sourceOf(load);
    return this.onNewDevices(async () => new SegmentationPipeline({ ...parts, ...load(), source }), undefined, 'text');
  }

  /** Uploads what was uploaded before; the text tower waits until it is needed again. */
  async #moveTo(fresh: Device): Promise<void> {
    const { file, config } = this;
    const load = () => ImageEncoder.load(fresh, file, config);
    const images = await withUploads(fresh, file, TOWERS['image tower'], load);
    const dino = this.#dinoFile && (await openDino(fresh, ...this.#dinoFile));
    [this.#images, this.#texts, this.#dino] = [images, undefined, dino];
  }

  /** `readLogitScale` of the checkpoint. @throws as it */
  get logitScale(): number {
    return readLogitScale(this.file);
  }

  /** Closes the file and frees the weights; segmenters of this model cannot be used any more. */
  close(): void {
    this.file.close();
    this.#images?.dispose();
    this.#texts?.dispose();
    this.dino?.dispose();
    this.#place.close();
  }
}
