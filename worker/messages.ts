import type { CaseResult, ConformanceSummary } from '../conformance/comparison/caseResult.ts';
import type { ExplainOptions, ExplainProgress } from '../explain/explainSegmenter.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { Declared } from '../engine/gpuTypes.ts';
import type { ClassShare } from '../rfclip/classShares.ts';
import type { ClassInput } from '../library/classInput.ts';
import type { HostTensor } from '../library/hostTensor.ts';
import type { ImageInput } from '../library/images.ts';
import type { ModelOptions } from '../library/modelOptions.ts';
import type { ProgressEvent } from '../library/progress.ts';
import type { SegmentationReport } from '../library/segmentationResult.ts';
import type { SegmenterOptions } from '../library/segmenterOptions.ts';

export type { ConformanceSummary, ExplainProgress, Explanation };

/** `ModelOptions` that can be sent to a worker. */
export type WorkerModelOptions = Omit<ModelOptions, 'device' | 'reopenDevice' | 'signal' | 'onProgress'> & {
  /** Time every kernel, for `kernelTimes`. Default false. */
  profile?: boolean;
};

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
  /** Make the PNG of the label map, too. Default false. */
  labelPng?: boolean;
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
  readonly labelPng: Uint8Array | undefined;
}

/** `ExplainOptions` that can be sent to a worker. */
export type WorkerExplainOptions = Omit<ExplainOptions, 'onProgress' | 'signal'>;

/** What `showExplanation` shows. */
export interface WorkerExplanation {
  readonly explanation: Explanation;
  /** The image as the network saw it. */
  readonly photo: Declared<'ImageBitmap'>;
}

/** How a worker traces. */
export interface WorkerTraceOptions {
  /** As in `TraceOptions`. */
  maxMegapixels?: number;
}

/** Which recorded cases a worker runs. */
export interface WorkerConformanceOptions {
  /** A zip archive of a folder of recordings, as `scripts/packRecordings.mjs` makes it, or its address. */
  source: string | Declared<'Blob'> | ArrayBuffer;
  /** Runs only what contains this in `folder/case`. */
  only?: string;
}

/** How far the recorded cases are. */
export interface ConformanceProgress {
  readonly done: number;
  readonly total: number;
  /** Of the case that was just done. */
  readonly result: CaseResult;
}

/** What a worker is asked. `segmenter` is the number that `segmenter` answered. */
export type WorkerCall =
  | { call: 'open'; options: WorkerModelOptions }
  | { call: 'segmenter'; classes: ClassInput; options: WorkerSegmenterOptions }
  | { call: 'segment'; segmenter: number; image: ImageInput; options: WorkerSegmentOptions }
  | { call: 'trace'; segmenter: number; image: ImageInput; names: readonly string[]; options: WorkerTraceOptions }
  | { call: 'explain'; segmenter: number; image: ImageInput; options: WorkerExplainOptions }
  | { call: 'closeSegmenter'; segmenter: number }
  | { call: 'kernelTimes'; reset: boolean }
  | { call: 'conformance'; options: WorkerConformanceOptions }
  | { call: 'close' };

/** Gives up the call with the same number. */
export interface Abort {
  call: 'abort';
}

/** The parts of an `RfclipError`. */
export interface SentError {
  message: string;
  code: string | undefined;
  fix: string | undefined;
  where: string | undefined;
}

/** How far a call is; which of them depends on the call. */
export type WorkerProgress = ProgressEvent | ExplainProgress | ConformanceProgress;

/**
 * What a worker says about the call with this number: how far it is, then its answer or what went wrong; and that the
 * device was lost which an `open` had opened.
 */
export type WorkerAnswer = { id: number } & (
  { progress: WorkerProgress } | { value: unknown } | { error: SentError } | { lost: SentError }
);
