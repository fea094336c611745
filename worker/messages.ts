import type { ClassShare } from '../rfclip/classShares.ts';
import type { ClassInput } from '../library/classInput.ts';
import type { HostTensor } from '../library/hostTensor.ts';
import type { ImageInput } from '../library/images.ts';
import type { ModelOptions } from '../library/modelOptions.ts';
import type { ProgressEvent } from '../library/progress.ts';
import type { SegmentationReport } from '../library/segmentationResult.ts';
import type { SegmenterOptions } from '../library/segmenterOptions.ts';

/** `ModelOptions` that can be sent to a worker. */
export type WorkerModelOptions = Omit<ModelOptions, 'device' | 'signal' | 'onProgress'>;

/** `SegmenterOptions` that can be sent to a worker: methods by name only. */
export type WorkerSegmenterOptions = Omit<SegmenterOptions, 'method' | 'signal' | 'onProgress'> & { method?: string };

/** How a worker segments. */
export interface WorkerSegmentOptions {
  /** As in `SegmentOptions`. */
  probabilities?: boolean;
  /** As in `SegmentOptions`. */
  maxMegapixels?: number;
  /** Make the overlay, too. Default false. */
  overlay?: boolean;
}

/** What a worker sends of a segmented image; fields are those of `SegmentationResult`. */
export interface WorkerResult {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly labels: HostTensor<Uint16Array>;
  readonly confidence: HostTensor<Float32Array>;
  readonly probabilities: HostTensor<Float32Array> | undefined;
  readonly classes: readonly ClassShare[];
  readonly classNames: readonly string[];
  readonly notices: readonly string[];
  readonly report: SegmentationReport;
  /** The bytes of a PNG, if they were asked for. */
  readonly overlayPng: Uint8Array | undefined;
}

/** What a worker is asked. `segmenter` is the number that `segmenter` answered. */
export type WorkerCall =
  | { call: 'open'; options: WorkerModelOptions }
  | { call: 'segmenter'; classes: ClassInput; options: WorkerSegmenterOptions }
  | { call: 'segment'; segmenter: number; image: ImageInput; options: WorkerSegmentOptions }
  | { call: 'closeSegmenter'; segmenter: number }
  | { call: 'close' };

/** The parts of an `RfclipError`. */
export interface SentError {
  message: string;
  code: string | undefined;
  fix: string | undefined;
  where: string | undefined;
}

/** What a worker says about the call with this number: how far it is, then its answer or what went wrong. */
export type WorkerAnswer = { id: number } & ({ progress: ProgressEvent } | { value: unknown } | { error: SentError });
