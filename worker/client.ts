import type { ClipConfig } from '../clip/config.ts';
import { RfclipError } from '../engine/errors.ts';
import type { ClassInput } from '../library/classInput.ts';
import type { ImageInput } from '../library/images.ts';
import type { ProgressCallback } from '../library/progress.ts';
import type { KernelTimes } from '../library/kernelTimes.ts';
import type { TracedRun } from '../library/segmenter.ts';
import type {
  ConformanceProgress,
  ConformanceSummary,
  ExplainProgress,
  SentError,
  WorkerAnswer,
  WorkerCall,
  WorkerConformanceOptions,
  WorkerExplainOptions,
  WorkerExplanation,
  WorkerModelOptions,
  WorkerProgress,
  WorkerResult,
  WorkerSegmenterOptions,
  WorkerSegmentOptions,
  WorkerTraceOptions,
} from './messages.ts';

export type { CaseResult } from '../conformance/comparison/caseResult.ts';
export type { Explanation } from '../explain/explanation.ts';
export type { KernelTime } from '../engine/profiler.ts';
export type { TracedRun };
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

/** What is used of a `Worker`. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message' | 'error', listener: (event: WorkerEventLike) => void): void;
}

/** What is used of its events. */
export interface WorkerEventLike {
  readonly type: string;
  readonly data?: unknown;
  readonly message?: string;
}

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
  segmenter(
    classes: ClassInput,
    options?: WorkerSegmenterOptions & { onProgress?: ProgressCallback },
  ): Promise<WorkerSegmenter>;
  /** Time per kernel, for a model that was opened with `profile`. @param options.reset begins anew afterwards */
  kernelTimes(options?: { reset?: boolean }): Promise<KernelTimes>;
  /**
   * Runs recorded calls of published code on a device of its own, in f32, and compares; as `runConformance`. The worker
   * must import `rfclip/worker/conformance`.
   * @throws RfclipError (`RFCLIP-CONFORMANCE`) for recordings that cannot be read; DeviceError
   */
  conformance(
    options: WorkerConformanceOptions & { onProgress?: (progress: ConformanceProgress) => void },
  ): Promise<ConformanceSummary>;
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
  segment(image: ImageInput, options?: WorkerSegmentOptions): Promise<WorkerResult>;
  /** As `Segmenter.trace`. @throws as it */
  trace(image: ImageInput, names: readonly string[], options?: WorkerTraceOptions): Promise<TracedRun>;
  /**
   * What the panels of `rfclip explain` show, of the image as one window. The worker must import
   * `rfclip/worker/explain`.
   * @throws as `segment`; RfclipError for a point outside of the image, an unknown method, or too few patches
   */
  explain(
    image: ImageInput,
    options?: WorkerExplainOptions & { onProgress?: (progress: ExplainProgress) => void },
  ): Promise<WorkerExplanation>;
  /** As `Segmenter.close`. */
  close(): Promise<void>;
}

/** Calls that wait for their answer. */
interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ((progress: WorkerProgress) => void) | undefined;
}

/** Sends a call; the type of its progress follows from the call. */
type Ask = <Value>(
  asked: WorkerCall,
  onProgress?: (progress: never) => void,
  onLost?: (error: RfclipError) => void,
) => Promise<Value>;

/**
 * Opens a model in a worker whose module is `rfclip/worker`. To give up what it does, terminate the worker.
 * @throws as `Model.open`; RfclipError (`RFCLIP-WORKER`) where the worker's code cannot be loaded
 */
export async function openInWorker(
  worker: WorkerLike,
  { onProgress, ...options }: WorkerModelOptions & { onProgress?: ProgressCallback } = {},
): Promise<WorkerModel> {
  let ask = callers.get(worker);
  if (ask === undefined) callers.set(worker, (ask = caller(worker)));
  let tellLost: (error: RfclipError) => void;
  const lost = new Promise<RfclipError>((resolve) => (tellLost = resolve));
  type Opened = Pick<WorkerModel, 'adapter' | 'checkpoint' | 'config' | 'notes'>;
  const opened = await ask<Opened>({ call: 'open', options }, onProgress, tellLost!);
  return {
    ...opened,
    lost,
    kernelTimes: ({ reset = false } = {}) => ask({ call: 'kernelTimes', reset }),
    conformance: ({ onProgress: tell, ...choices }) => ask({ call: 'conformance', options: choices }, tell),
    close: () => ask({ call: 'close' }),
    segmenter: async (classes, { onProgress: tell, ...choices } = {}) => {
      type Made = Pick<WorkerSegmenter, 'classes' | 'method' | 'notices'> & { number: number };
      const { number, ...made } = await ask<Made>({ call: 'segmenter', classes, options: choices }, tell);
      return { ...made, ...segmenterCalls(number, ask) };
    },
  };
}

/** The calls to a segmenter of the worker. */
function segmenterCalls(segmenter: number, ask: Ask): Pick<WorkerSegmenter, 'segment' | 'trace' | 'explain' | 'close'> {
  return {
    segment: async (image, options = {}) =>
      ask<WorkerResult>({ call: 'segment', segmenter, image: await sendable(image), options }),
    trace: async (image, names, options = {}) =>
      ask<TracedRun>({ call: 'trace', segmenter, image: await sendable(image), names, options }),
    explain: async (image, { onProgress, ...options } = {}) =>
      ask<WorkerExplanation>({ call: 'explain', segmenter, image: await sendable(image), options }, onProgress),
    close: () => ask({ call: 'closeSegmenter', segmenter }),
  };
}

/** One for every worker, whose calls it numbers. */
const callers = new WeakMap<WorkerLike, Ask>();

function caller(worker: WorkerLike): Ask {
  const waiting = new Map<number, Waiting>();
  const watching = new Map<number, (error: RfclipError) => void>();
  let calls = 0;
  let broken: RfclipError | undefined;
  worker.addEventListener('message', (event) => {
    const data = event.data as WorkerAnswer;
    if ('lost' in data) return watching.get(data.id)?.(receivedError(data.lost));
    const call = waiting.get(data.id);
    if ('progress' in data) return call?.onProgress?.(data.progress);
    waiting.delete(data.id);
    if ('error' in data) call?.reject(receivedError(data.error));
    else call?.resolve(data.value);
  });
  worker.addEventListener('error', ({ message }) => {
    const reason = message === undefined || message === '' ? 'its code cannot be loaded' : message;
    broken = new RfclipError(`the worker failed: ${reason}`, { code: 'RFCLIP-WORKER' });
    for (const { reject } of waiting.values()) reject(broken);
    waiting.clear();
  });
  return (asked, onProgress, onLost) =>
    new Promise((resolve, reject) => {
      if (broken !== undefined) throw broken;
      const id = calls++;
      // First, because it throws for what cannot be sent.
      worker.postMessage({ id, ...asked });
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress: onProgress as never });
      if (onLost !== undefined) watching.set(id, onLost);
    });
}

/** Canvases stay with the page: their pixels are sent. */
async function sendable(image: ImageInput): Promise<ImageInput> {
  const isCanvas = /Canvas/.test(Object.prototype.toString.call(image));
  return isCanvas ? createImageBitmap(image as HTMLCanvasElement) : image;
}

function receivedError({ message, code, fix, where }: SentError): RfclipError {
  return new RfclipError(message, { code: code ?? 'RFCLIP-WORKER', fix, where });
}
