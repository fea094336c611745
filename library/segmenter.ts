/// <reference lib="esnext.disposable" preserve="true" />
import { isDeviceFailure, RfclipError } from '../engine/errors.ts';
import type { ImageLimits } from '../clip/image/limits.ts';
import type { Picture } from '../clip/image/picture.ts';
import { networkSize, stretchNotices } from '../rfclip/prepareImage.ts';
import type { Settings } from '../rfclip/settings.ts';
import { throwIfAborted, unlessAborted } from '../system/abort.ts';
import { handledLater } from '../system/handledLater.ts';
import { checkOptions } from './checkOptions.ts';
import { type ImageInput, loadPicture, nameOfImage } from './images.ts';
import { keepSegmentation } from './keptSegmentation.ts';
import { Stage } from './progress.ts';
import type { HostTensor } from './hostTensor.ts';
import { countOf, type ImageSource, readAhead } from './readAhead.ts';
import { SegmentationResult } from './segmentationResult.ts';
import {
  SEGMENT_MANY_OPTIONS,
  SEGMENT_OPTIONS,
  type SegmentManyOptions,
  type SegmentOptions,
  TRACE_OPTIONS,
  type TraceOptions,
} from './segmenterOptions.ts';
import { keepParts, type SegmenterParts } from './segmenterParts.ts';
import { parseTraceNames } from './traceNames.ts';
import { CLOSED } from './turns.ts';

/** Tensors of a run on the host, and where in the image they belong. */
export interface TracedRun {
  /** By name; the first axis is that of windows, in their order. */
  readonly tensors: Readonly<Record<string, HostTensor<Float32Array>>>;
  /** The size at which the network saw the image, in pixels. */
  readonly size: { readonly width: number; readonly height: number };
  /** The windows in pixels of that size, the ends exclusive; one for the whole image where `window` is 0. */
  readonly windows: readonly { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number }[];
  /** Patches of a window, row by row; before them, tensors of tokens have CLS. */
  readonly grid: { readonly width: number; readonly height: number };
}

interface LoadedImage {
  name: string;
  picture: Picture;
  milliseconds: number;
}

/** Pixels of a picture of which only so few are held as the device has. */
const PIXELS_TOGETHER = 2 ** 21;

/** Turns images into label maps for one list of classes; made by `Model.segmenter`. Calls are served in order. */
export class Segmenter {
  /** The classes by index: names and all words that stand for them. */
  readonly classes: readonly { readonly name: string; readonly words: readonly string[] }[];
  /** The method's name. */
  readonly method: string;
  /**
   * Sentences about what may not be meant: words that stand for two classes, of which the first wins; words that the
   * embedded checkpoint was not taught, and that it knows no photographs. Mostly none.
   */
  readonly notices: readonly string[];
  /** What it works with: the method's defaults, changed by what was given. */
  readonly settings: Readonly<Settings>;
  readonly #parts: SegmenterParts;
  #isClosed = false;

  /** Made by `Model.segmenter`. */
  constructor(parts: SegmenterParts) {
    this.classes = parts.classes.classes;
    this.notices = [...parts.classes.notices, ...parts.model.noticesOf(parts.classes.queries)];
    this.method = parts.method;
    // A copy: what the pipeline works with must not change between two images.
    this.settings = structuredClone(parts.settings);
    this.#parts = parts;
    keepParts(this, parts);
  }

  /**
   * Segments an image: a path, the bytes of a picture file, or RGB or RGBA pixels. Bytes and pixels are not kept: they
   * may be changed as soon as this has returned its promise. Where the device is lost meanwhile, the image is done
   * again on a new one, at most twice.
   * @throws ImageError for what cannot be decoded; RfclipError for a window smaller than one patch, or where the
   *   segmenter or its model was closed (`RFCLIP-CLOSED`); DeviceError when the device failed; the signal's reason once
   *   it is aborted
   */
  async segment(image: ImageInput, options: SegmentOptions = {}): Promise<SegmentationResult> {
    this.#assertOpen();
    checkOptions(options, SEGMENT_OPTIONS, 'segment');
    throwIfAborted(options.signal);
    return this.#segmentLoaded(handledLater(this.#load(image, options)), options);
  }

  /**
   * `segment` for several images, in order; decodes the next while the device works on one. A GPU has three at a time.
   * Leaving the loop early ends the source, too.
   * @throws as `segment`, for the first image that fails, unless `onError` takes it; what the source throws
   */
  async *segmentMany(
    images: ImageSource,
    options: SegmentManyOptions = {},
  ): AsyncGenerator<SegmentationResult, void, undefined> {
    this.#assertOpen();
    checkOptions(options, SEGMENT_MANY_OPTIONS, 'segmentMany');
    const { signal, onProgress, onError } = options;
    const total = countOf(images);
    const stage = new Stage(onProgress, this.#parts.name, 'images');
    stage.begin();
    let count = 0;
    const begun: { input: ImageInput; segmenting: Promise<SegmentationResult> }[] = [];
    const nextResult = async () => {
      const { input, segmenting } = begun.shift()!;
      let result: SegmentationResult | undefined;
      try {
        result = await segmenting;
      } catch (error) {
        throwIfAborted(signal);
        if (onError === undefined || concernsAllImages(error)) throw error;
        onError(error, input);
      }
      stage.step(++count, total);
      return result;
    };
    for await (const { input, loading } of readAhead(
      images,
      (image, index) => this.#load(image, options, index),
      signal,
    )) {
      begun.push({ input, segmenting: handledLater(this.#segmentLoaded(loading, options)) });
      if (begun.length < this.#parts.inFlight * (await unlessAborted(this.#together(loading), signal))) continue;
      const result = await nextResult();
      if (result !== undefined) yield result;
    }
    while (begun.length > 0) {
      const result = await nextResult();
      if (result !== undefined) yield result;
    }
    stage.end();
  }

  /**
   * Runs the network on an image and returns tensors from inside of it, by name, as arrays on the host:
   * `['layer4/phi', 'layer4/dis', 'logits']`. Which there are depends on the method; a wrong name is answered with all
   * of them, and rfclip/README.md says what they hold. They are copied on the device until the run is over, so whole
   * attention maps of every layer need memory for all of them.
   * @throws RfclipError (`RFCLIP-TRACE`) for a name that the run does not have; else as `segment`
   */
  async trace(image: ImageInput, names: readonly string[], options: TraceOptions = {}): Promise<TracedRun> {
    this.#assertOpen();
    checkOptions(options, TRACE_OPTIONS, 'trace');
    const wanted = parseTraceNames(names);
    throwIfAborted(options.signal);
    const loading = handledLater(this.#load(image, options));
    const { pipeline, turns, method } = this.#parts;
    return turns.takeShared(async () => {
      const { resized } = (await loading).picture;
      const { width, height } = resized;
      const windows = pipeline.plan(resized);
      const [{ x1, x2, y1, y2 }] = windows;
      const tensors = await pipeline.trace(
        resized,
        (name, tensor) => (wanted.wants(name) ? tensor : undefined),
        (seen) => wanted.check(seen, method),
      );
      return { tensors, size: { width, height }, windows, grid: pipeline.encoder.grid(y2 - y1, x2 - x1) };
    }, options.signal);
  }

  /**
   * Frees the device memory of the class list, once what was asked for before is served; later calls throw. The model
   * stays open. Closing twice does nothing.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A model that was closed has freed it already.
    void this.#parts.turns.take(async () => this.#parts.release()).catch(() => {});
  }

  /** `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #segmentLoaded(loading: Promise<LoadedImage>, options: SegmentOptions): Promise<SegmentationResult> {
    this.#assertOpen();
    const { model, pipeline, turns, classes, background, method, settings } = this.#parts;
    // The place in the line is taken before the image is there, so that calls are served in the order they came.
    return turns.takeShared(async () => {
      const { name, picture, milliseconds } = await loading;
      const { width, height, resized, shown, notices } = picture;
      const started = performance.now();
      const { probabilities } = options;
      const told: string[] = [];
      const onNotice = (notice: string) => void told.push(notice);
      const kept = await keepSegmentation(classes, picture, (outputs) =>
        pipeline.segment(resized, height, width, { probabilities, onNotice, ...outputs }),
      );
      const { device } = model;
      return new SegmentationResult({
        name,
        image: shown!,
        classes,
        background,
        kept,
        notices: [
          ...notices,
          ...stretchNotices(width, height, settings.resize, model.leastSide),
          ...largeNotices(picture),
          ...told,
        ],
        method,
        checkpoint: model.file.path,
        adapter: device.name,
        precision: device.products.precision,
        milliseconds: { decode: milliseconds, network: performance.now() - started },
        peakBufferBytes: device.pool.statistics.peakBytes,
      });
    }, options.signal);
  }

  /** How many images like this may share a program; so many times more are on their way. */
  async #together(loading: Promise<LoadedImage>): Promise<number> {
    const { pipeline } = this.#parts;
    if (pipeline.mostTogether === 1) return 1;
    try {
      const { width, height, resized } = (await loading).picture;
      return width * height > PIXELS_TOGETHER ? 1 : pipeline.imagesTogether(resized);
    } catch {
      // The one who segments it tells what is wrong.
      return 1;
    }
  }

  async #load(input: ImageInput, limits: ImageLimits, index?: number): Promise<LoadedImage> {
    const { model, settings } = this.#parts;
    const started = performance.now();
    const name = nameOfImage(input, index);
    const resizeTo = (width: number, height: number) => networkSize(width, height, settings.resize, model.leastSide);
    const picture = await loadPicture(input, name, { resizeTo, shown: true, maxMegapixels: limits.maxMegapixels });
    return { name, picture, milliseconds: performance.now() - started };
  }

  #assertOpen(): void {
    this.#parts.turns.assertOpen();
    if (this.#isClosed) throw new RfclipError('the segmenter was closed', { code: CLOSED });
  }
}

/** What is otherwise where an image is too large to be held. */
function largeNotices({ width, height, shown }: Picture): string[] {
  if (shown === undefined || (shown.width === width && shown.height === height)) return [];
  return [
    `${width} x ${height} pixels are too many to be held: the overlay has ${shown.width} x ${shown.height} pixels, ` +
      `and ` +
      `the confidence of single pixels is not kept`,
  ];
}

/** Whether no other image can be expected to do better. */
function concernsAllImages(error: unknown): boolean {
  return isDeviceFailure(error) || (error instanceof RfclipError && error.code === CLOSED);
}
