import { MOST_HELD_PIXELS } from '../clip/image/picture.ts';
import type { RgbImage } from '../clip/image/types.ts';
import { RfclipError } from '../engine/errors.ts';
import { encodeLabelPng } from '../pictures/encodeLabelPng.ts';
import { encodeGreyPng, encodeRgbPng } from '../pictures/encodePng.ts';
import { type OverlayOptions, renderOverlay } from '../pictures/overlay.ts';
import { classPalette } from '../pictures/palette.ts';
import { resizeLabels } from '../pictures/resizeLabels.ts';
import { type ClassShare, type ReportedShare, reportedShare } from '../rfclip/classShares.ts';
import type { ClassList } from '../rfclip/classes.ts';
import { tenths } from '../system/tenths.ts';
import { checkOptions } from './checkOptions.ts';
import type { HostTensor } from './hostTensor.ts';
import type { KeptSegmentation } from './keptSegmentation.ts';
import type { SavedFiles } from './savedFiles.ts';
import { type SaveOptions, saveResult } from './saveResult.ts';

/** What is known of a segmented image besides its pixels; the content of the JSON file that `save` writes. */
export interface SegmentationReport {
  image: string;
  width: number;
  height: number;
  method: string;
  checkpoint: string;
  adapter: string;
  /** In what the network's products were computed. */
  precision: 'f32' | 'f16';
  /** Classes that occur, largest first. */
  classes: ReportedShare[];
  milliseconds: { decode: number; network: number; write: number };
  /** Most bytes of device buffers alive at once so far, weights included. */
  peakBufferBytes: number;
  /** Absent until it was saved. */
  files?: SavedFiles;
  /** Sentences about what was made of a damaged image. */
  notices: string[];
}

/** What a result is made of. */
export interface ResultParts {
  name: string;
  /** The image itself; a smaller one where it is large. */
  image: RgbImage;
  classes: ClassList;
  /** Index of the class that is the background, where one is. */
  background?: number;
  kept: KeptSegmentation;
  /** Sentences for the user. */
  notices: readonly string[];
  method: string;
  checkpoint: string;
  adapter: string;
  precision: 'f32' | 'f16';
  milliseconds: { decode: number; network: number };
  peakBufferBytes: number;
}

/** A segmented image. Holds no device memory. */
export class SegmentationResult {
  /** What the image is called: its path, or `the image`. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /**
   * Probability of every class at every pixel, [height, width, classes]; only if it was asked for. That of a class is
   * that of its best word, so with synonyms they add up to less than 1.
   */
  readonly probabilities: HostTensor<Float32Array> | undefined;
  /** Classes that occur, largest share first. */
  readonly classes: readonly ClassShare[];
  /** Names of all classes, by class index. */
  readonly classNames: readonly string[];
  /** Sentences about what was made of a damaged, very long or very large image; often none. */
  readonly notices: readonly string[];
  #labels: HostTensor<Uint16Array> | undefined;
  readonly #parts: ResultParts;
  #writeMilliseconds = 0;
  #files: SavedFiles | undefined;

  /** Made by `Segmenter`. */
  constructor(parts: ResultParts) {
    const { kept, classes } = parts;
    const { width, height, probabilities } = kept;
    this.#parts = parts;
    this.name = parts.name;
    this.width = width;
    this.height = height;
    this.probabilities =
      probabilities === undefined ? undefined : { data: probabilities, shape: [height, width, classes.classes.length] };
    this.classNames = classes.classes.map(({ name }) => name);
    this.classes = kept.shares;
    this.notices = parts.notices;
  }

  /** Class index of every pixel, [height, width]. */
  get labels(): HostTensor<Uint16Array> {
    const { labels } = this.#parts.kept;
    const data = () => (labels instanceof Uint16Array ? labels : Uint16Array.from(labels));
    return (this.#labels ??= { data: data(), shape: [this.height, this.width] });
  }

  /**
   * Probability of every pixel's best class, before a threshold, [height, width].
   * @throws RfclipError (`RFCLIP-LARGE`) for an image of more than 100 megapixels, of which it is not kept
   */
  get confidence(): HostTensor<Float32Array> {
    const { confidence } = this.#parts.kept;
    if (confidence !== undefined) return { data: confidence, shape: [this.height, this.width] };
    throw new RfclipError(
      `the confidence of ${this.name} was not kept, because it has more than ${MOST_HELD_PIXELS / 1e6} megapixels; ` +
        `the mean of every class is in classes`,
      { code: 'RFCLIP-LARGE', where: this.name },
    );
  }

  /**
   * Where one class is: uint8 [height, width], 1 in it, else 0.
   * @throws RfclipError (`RFCLIP-CLASSES`) for a name that is none of the classes
   */
  mask(className: string): HostTensor<Uint8Array> {
    const label = this.classNames.indexOf(className);
    if (label < 0) {
      throw new RfclipError(`there is no class ${className}, expected one of ${this.classNames.join(', ')}`, {
        code: 'RFCLIP-CLASSES',
        where: className,
      });
    }
    const { labels } = this.#parts.kept;
    const data = new Uint8Array(labels.length);
    for (let i = 0; i < data.length; i++) if (labels[i] === label) data[i] = 1;
    return { data, shape: [this.height, this.width] };
  }

  /** The label map as the bytes of a PNG: value k is class k; a palette up to 256 classes, else 16-bit grey. */
  labelPng(): Uint8Array<ArrayBuffer> {
    const { labels } = this.#parts.kept;
    const count = this.classNames.length;
    const data = count <= 256 && labels instanceof Uint16Array ? Uint8Array.from(labels) : labels;
    return encodeLabelPng(data, this.width, this.height, this.#palette);
  }

  /**
   * Where one class is, as the bytes of a grey PNG: 255 in it, else 0.
   * @throws as `mask`
   */
  maskPng(className: string): Uint8Array<ArrayBuffer> {
    const { data } = this.mask(className);
    for (let i = 0; i < data.length; i++) data[i] *= 255;
    return encodeGreyPng(data, this.width, this.height);
  }

  /** The image in the colours of its classes, with a legend, as the bytes of a PNG. */
  overlayPng(options?: OverlayOptions): Uint8Array<ArrayBuffer> {
    const { data, width, height } = this.overlay(options);
    return encodeRgbPng(data, width, height);
  }

  /**
   * The image in the colours of its classes: uint8 RGB, with a legend below it unless `options` say otherwise.
   * @throws RfclipError (`RFCLIP-OPTIONS`) for an option that does not exist, or an opacity outside of 0 to 1
   */
  overlay(options: OverlayOptions = {}): { width: number; height: number; data: Uint8Array } {
    checkOverlayOptions(options);
    const { image, kept } = this.#parts;
    const whole = { width: this.width, height: this.height, data: kept.labels };
    const labels = this.#isLarge ? resizeLabels(whole, image.width, image.height) : whole;
    return renderOverlay(image, labels, this.#palette, this.classNames, options);
  }

  /** What is known of the image besides its pixels. */
  toJSON(): SegmentationReport {
    const { method, checkpoint, adapter, precision, milliseconds, peakBufferBytes } = this.#parts;
    return {
      image: this.name,
      width: this.width,
      height: this.height,
      method,
      checkpoint,
      adapter,
      precision,
      classes: this.classes.map(reportedShare),
      milliseconds: {
        decode: tenths(milliseconds.decode),
        network: tenths(milliseconds.network),
        write: tenths(this.#writeMilliseconds),
      },
      peakBufferBytes,
      ...(this.#files === undefined ? {} : { files: this.#files }),
      notices: [...this.notices],
    };
  }

  /**
   * Writes `STEM.label.png`, `STEM.overlay.png` and `STEM.json`; each appears whole or not at all. Folders are made.
   * Earlier results are replaced; files that rfclip did not make, and the image itself, are not.
   * @param stem path or `file:` URL without an end, such as `out/photo`
   * @param options.overwrite replace them too
   * @param options.masks also write `STEM.LABEL-CLASS.mask.png` for each class, whether it occurs or not
   * @throws OverwriteError (`RFCLIP-OVERWRITE`) for a file that would be lost, before anything is written; OutputError,
   *   or RfclipError (`RFCLIP-OUTPUT`) for a stem that names no file, or a folder that cannot be used
   */
  async save(stem: string | { readonly href: string }, options: SaveOptions = {}): Promise<SavedFiles> {
    const started = performance.now();
    return saveResult(stem, options, {
      image: this.name,
      labelPng: () => this.labelPng(),
      largeLabels: this.#isLarge ? { ...this.#parts.kept, palette: this.#palette } : undefined,
      overlayPng: () => this.overlayPng(),
      classNames: this.classNames,
      maskPng: (className) => this.maskPng(className),
      report: (files) => {
        this.#files = files;
        this.#writeMilliseconds = performance.now() - started;
        return this.toJSON();
      },
    });
  }

  get #isLarge(): boolean {
    return this.#parts.kept.confidence === undefined;
  }

  get #palette(): Uint8Array {
    return classPalette(this.classNames.length, this.#parts.background);
  }
}

/** @throws RfclipError (`RFCLIP-OPTIONS`) */
function checkOverlayOptions(options: OverlayOptions): void {
  checkOptions(options, { opacity: 'any', legend: 'boolean' }, 'overlay');
  const { opacity } = options;
  if (opacity === undefined || (typeof opacity === 'number' && opacity >= 0 && opacity <= 1)) return;
  throw new RfclipError(`the option opacity of overlay is ${opacity}, expected a number from 0 to 1`, {
    code: 'RFCLIP-OPTIONS',
    where: 'opacity',
  });
}
