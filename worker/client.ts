import type { ClipConfig } from '../clip/config.ts';
import type { RfclipError } from '../engine/errors.ts';
import type { ClassInput } from '../library/classInput.ts';
import type { ImageInput } from '../library/images.ts';
import type { ProgressEvent } from '../library/progress.ts';
import type { KernelTimes } from '../library/kernelTimes.ts';
import type { TracedRun } from '../library/segmenter.ts';
import type {
  ConformanceProgress,
  ConformanceSummary,
  ExplainProgress,
  WorkerConformanceOptions,
  WorkerExplainOptions,
  WorkerExplanation,
  WorkerModelOptions,
  WorkerResult,
  WorkerSegmenterOptions,
  WorkerSegmentOptions,
  WorkerTraceOptions,
} from './messages.ts';
import type { AbortSignalLike } from '../system/abort.ts';
import { type Ask, callerOf, type WorkerLike } from './caller.ts';

export type { CaseResult } from '../conformance/comparison/caseResult.ts';
export type { Explanation } from '../explain/explanation.ts';
export type { KernelTime } from '../engine/profiler.ts';
export type { TracedRun };
export type { WorkerEventLike, WorkerLike } from './caller.ts';
export type {
  ConformanceProgress,
  ConformanceSummary,
  ExplainProgress,
  KernelTimes,
  WorkerConformanceOptions,
  WorkerExplainOptions,
  WorkerExplanation,
  WorkerModelOptions,
  WorkerResult,
  WorkerSegmenterOptions,
  WorkerSegmentOptions,
  WorkerTraceOptions,
};

/** A model that a worker opened. */
export interface WorkerModel {
  /** As those of `Model`. */
  readonly adapter: string;
  readonly checkpoint: string;
  readonly config: ClipConfig;
  readonly notes: readonly string[];
  /**
   * Fulfilled when the device is lost while the model is open, with what calls then reject with. `openInWorker` with
   * the same worker opens a new one.
   */
  readonly lost: Promise<RfclipError>;
  /** As `Model.segmenter`. @throws as it */
  segmenter(classes: ClassInput, options?: WorkerSegmenterOptions & Followed<ProgressEvent>): Promise<WorkerSegmenter>;
  /** Time per kernel, for a model that was opened with `profile`. @param options.reset begins anew afterwards */
  kernelTimes(options?: { reset?: boolean }): Promise<KernelTimes>;
  /**
   * Runs recorded calls of published code on a device of its own, in f32, and compares; as `runConformance`. The worker
   * must import `rfclip/worker/conformance`.
   * @throws RfclipError (`RFCLIP-CONFORMANCE`) for recordings that cannot be read; DeviceError
   */
  conformance(options: WorkerConformanceOptions & Followed<ConformanceProgress>): Promise<ConformanceSummary>;
  /** As `Model.close`; the worker stays, and can open another. */
  close(): Promise<void>;
}

/** A segmenter that lives in a worker. */
export interface WorkerSegmenter {
  /** As those of `Segmenter`. */
  readonly classes: readonly { readonly name: string; readonly words: readonly string[] }[];
  readonly method: string;
  readonly notices: readonly string[];
  /** As `Segmenter.segment`. @throws as it */
  segment(image: ImageInput, options?: WorkerSegmentOptions & Pick<Followed<never>, 'signal'>): Promise<WorkerResult>;
  /** As `Segmenter.trace`. @throws as it */
  trace(
    image: ImageInput,
    names: readonly string[],
    options?: WorkerTraceOptions & Pick<Followed<never>, 'signal'>,
  ): Promise<TracedRun>;
  /**
   * What the panels of `rfclip explain` show, of the image as one window. The worker must import
   * `rfclip/worker/explain`.
   * @throws as `segment`; RfclipError for a point outside of the image, an unknown method, or too few patches
   */
  explain(image: ImageInput, options?: WorkerExplainOptions & Followed<ExplainProgress>): Promise<WorkerExplanation>;
  /** As `Segmenter.close`. */
  close(): Promise<void>;
}

/** How a call that takes its time is followed, and given up. */
export interface Followed<Progress> {
  onProgress?: (progress: Progress) => void;
  /** Ends the wait; what the device has begun is finished, and its result dropped. */
  signal?: AbortSignalLike;
}

/**
 * Opens a model in a worker whose module is `rfclip/worker`.
 * @throws as `Model.open`; RfclipError (`RFCLIP-WORKER`) where the worker's code cannot be loaded
 */
export async function openInWorker(
  worker: WorkerLike,
  { onProgress, signal, ...options }: WorkerModelOptions & Followed<ProgressEvent> = {},
): Promise<WorkerModel> {
  const ask = callerOf(worker);
  let onLost: (error: RfclipError) => void;
  const lost = new Promise<RfclipError>((resolve) => (onLost = resolve));
  type Opened = Pick<WorkerModel, 'adapter' | 'checkpoint' | 'config' | 'notes'>;
  const opened = await ask<Opened>({ call: 'open', options }, { onProgress, signal, onLost: onLost! });
  return {
    ...opened,
    lost,
    kernelTimes: ({ reset = false } = {}) => ask({ call: 'kernelTimes', reset }),
    conformance: ({ onProgress: tell, signal: stop, ...choices }) =>
      ask({ call: 'conformance', options: choices }, { onProgress: tell, signal: stop }),
    close: () => ask({ call: 'close' }),
    segmenter: async (classes, { onProgress: tell, signal: stop, ...choices } = {}) => {
      type Made = Pick<WorkerSegmenter, 'classes' | 'method' | 'notices'> & { number: number };
      const followed = { onProgress: tell, signal: stop };
      const { number, ...made } = await ask<Made>({ call: 'segmenter', classes, options: choices }, followed);
      return { ...made, ...segmenterCalls(number, ask) };
    },
  };
}

/** The calls to a segmenter of the worker. */
function segmenterCalls(segmenter: number, ask: Ask): Pick<WorkerSegmenter, 'segment' | 'trace' | 'explain' | 'close'> {
  return {
    segment: async (image, { signal, ...options } = {}) =>
      ask<WorkerResult>({ call: 'segment', segmenter, image: await sendable(image), options }, { signal }),
    trace: async (image, names, { signal, ...options } = {}) =>
      ask<TracedRun>({ call: 'trace', segmenter, image: await sendable(image), names, options }, { signal }),
    explain: async (image, { onProgress, signal, ...options } = {}) => {
      const call = { call: 'explain', segmenter, image: await sendable(image), options } as const;
      return ask<WorkerExplanation>(call, { onProgress, signal });
    },
    close: () => ask({ call: 'closeSegmenter', segmenter }),
  };
}

/** Canvases stay with the page: their pixels are sent. */
async function sendable(image: ImageInput): Promise<ImageInput> {
  const isCanvas = /Canvas/.test(Object.prototype.toString.call(image));
  return isCanvas ? createImageBitmap(image as HTMLCanvasElement) : image;
}
