import { dirname } from 'node:path';
import type { DecodedImage } from '../clip/image/types.ts';
import { RfclipError } from '../engine/errors.ts';
import { encodeRgbPng } from '../pictures/encodePng.ts';
import { type OverlayOptions, renderOverlay } from '../pictures/overlay.ts';
import { vocPalette } from '../pictures/palette.ts';
import { encodeLabelPng } from '../pictures/writePng.ts';
import { type ClassShare, classShares, type ReportedShare, reportedShare } from '../rfclip/classShares.ts';
import type { ClassList } from '../rfclip/classes.ts';
import type { Segmentation } from '../rfclip/labelImage.ts';
import { atomicWrite } from '../system/atomicWrite.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import { checkOutputs } from '../system/outputGate.ts';
import type { HostTensor } from './hostTensor.ts';

/** What `save` wrote. */
export interface SavedFiles {
  /** PNG whose pixel value is the class index. */
  readonly label: string;
  /** PNG with colours and a legend over the image. */
  readonly overlay: string;
  /** JSON: `SegmentationReport`. */
  readonly report: string;
}

/** What is known of a segmented image besides its pixels; the content of the JSON file that `save` writes. */
export interface SegmentationReport {
  image: string;
  width: number;
  height: number;
  method: string;
  checkpoint: string;
  adapter: string;
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
  image: DecodedImage;
  classes: ClassList;
  segmentation: Segmentation;
  method: string;
  checkpoint: string;
  adapter: string;
  milliseconds: { decode: number; network: number };
  peakBufferBytes: number;
}

/** A segmented image. Holds no device memory. */
export class SegmentationResult {
  /** What the image is called: its path, or `the image`. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Class index of every pixel, [height, width]. */
  readonly labels: HostTensor<Uint16Array>;
  /** Probability of every pixel's best class, before a threshold, [height, width]. */
  readonly confidence: HostTensor<Float32Array>;
  /**
   * Probability of every class at every pixel, [height, width, classes]; only if it was asked for. That of a class is
   * that of its best word, so with synonyms they add up to less than 1.
   */
  readonly probabilities: HostTensor<Float32Array> | undefined;
  /** Classes that occur, largest share first. */
  readonly classes: readonly ClassShare[];
  /** Names of all classes, by class index. */
  readonly classNames: readonly string[];
  /** Sentences about what was made of a damaged image; often none. */
  readonly notices: readonly string[];
  readonly #parts: ResultParts;
  #writeMilliseconds = 0;
  #files: SavedFiles | undefined;

  /** Made by `Segmenter`. */
  constructor(parts: ResultParts) {
    const { segmentation, classes } = parts;
    const { width, height, labels, confidence, probabilities } = segmentation;
    this.#parts = parts;
    this.name = parts.name;
    this.width = width;
    this.height = height;
    this.labels = { data: labels, shape: [height, width] };
    this.confidence = { data: confidence, shape: [height, width] };
    this.probabilities =
      probabilities === undefined ? undefined : { data: probabilities, shape: [height, width, classes.classes.length] };
    this.classNames = classes.classes.map(({ name }) => name);
    this.classes = classShares(classes, segmentation);
    this.notices = parts.image.notices;
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
    const { data, shape } = this.labels;
    return { data: Uint8Array.from(data, (value) => (value === label ? 1 : 0)), shape };
  }

  /** The label map as the bytes of a PNG: value k is class k; a palette up to 256 classes, else 16-bit grey. */
  labelPng(): Uint8Array<ArrayBuffer> {
    const { data } = this.labels;
    const count = this.classNames.length;
    return encodeLabelPng(count <= 256 ? Uint8Array.from(data) : data, this.width, this.height, vocPalette(count));
  }

  /** The image in the colours of its classes, with a legend, as the bytes of a PNG. */
  overlayPng(options?: OverlayOptions): Uint8Array<ArrayBuffer> {
    const { data, width, height } = this.overlay(options);
    return encodeRgbPng(data, width, height);
  }

  /** The image in the colours of its classes: uint8 RGB, with a legend below it unless `options` say otherwise. */
  overlay(options?: OverlayOptions): { width: number; height: number; data: Uint8Array } {
    const labels = { width: this.width, height: this.height, data: this.labels.data };
    return renderOverlay(this.#parts.image, labels, vocPalette(this.classNames.length), this.classNames, options);
  }

  /** What is known of the image besides its pixels. */
  toJSON(): SegmentationReport {
    const { method, checkpoint, adapter, milliseconds, peakBufferBytes } = this.#parts;
    return {
      image: this.name,
      width: this.width,
      height: this.height,
      method,
      checkpoint,
      adapter,
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
   * @param stem path without an end, such as `out/photo`
   * @param options.overwrite replace them too
   * @throws OverwriteError (`RFCLIP-OVERWRITE`) for a file that would be lost, before anything is written; OutputError,
   *   or RfclipError (`RFCLIP-OUTPUT`) for a folder that cannot be used
   */
  async save(stem: string, options: { overwrite?: boolean } = {}): Promise<SavedFiles> {
    const started = performance.now();
    const files = savedFiles(stem);
    checkOutputs({ ...options, files: Object.values(files), inputs: [this.name] });
    makeOutputFolder(dirname(stem));
    await atomicWrite(files.label, this.labelPng());
    await atomicWrite(files.overlay, this.overlayPng());
    this.#files = files;
    this.#writeMilliseconds = performance.now() - started;
    await atomicWrite(files.report, `${JSON.stringify(this.toJSON(), null, 2)}\n`);
    return files;
  }
}

/** Where `save` writes. */
export function savedFiles(stem: string): SavedFiles {
  return { label: `${stem}.label.png`, overlay: `${stem}.overlay.png`, report: `${stem}.json` };
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
