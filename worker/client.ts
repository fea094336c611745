import type { ClipConfig } from '../clip/config.ts';
import { RfclipError } from '../engine/errors.ts';
import type { ClassInput } from '../library/classInput.ts';
import type { ImageInput } from '../library/images.ts';
import type { ProgressCallback } from '../library/progress.ts';
import type {
  SentError,
  WorkerAnswer,
  WorkerCall,
  WorkerModelOptions,
  WorkerResult,
  WorkerSegmenterOptions,
  WorkerSegmentOptions,
} from './messages.ts';

export type { WorkerModelOptions, WorkerResult, WorkerSegmenterOptions, WorkerSegmentOptions };

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
  /** As `Model.segmenter`. @throws as it */
  segmenter(
    classes: ClassInput,
    options?: WorkerSegmenterOptions & { onProgress?: ProgressCallback },
  ): Promise<WorkerSegmenter>;
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
  /** As `Segmenter.close`. */
  close(): Promise<void>;
}

/** Calls that wait for their answer. */
interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  onProgress: ProgressCallback | undefined;
}

/**
 * Opens a model in a worker whose module is `rfclip/worker`. To give up what it does, terminate the worker.
 * @throws as `Model.open`; RfclipError (`RFCLIP-WORKER`) where the worker's code cannot be loaded
 */
export async function openInWorker(
  worker: WorkerLike,
  { onProgress, ...options }: WorkerModelOptions & { onProgress?: ProgressCallback } = {},
): Promise<WorkerModel> {
  const ask = caller(worker);
  type Opened = Pick<WorkerModel, 'adapter' | 'checkpoint' | 'config' | 'notes'>;
  const opened = await ask<Opened>({ call: 'open', options }, onProgress);
  return {
    ...opened,
    close: () => ask({ call: 'close' }),
    segmenter: async (classes, { onProgress: tell, ...choices } = {}) => {
      type Made = Pick<WorkerSegmenter, 'classes' | 'method' | 'notices'> & { number: number };
      const { number, ...made } = await ask<Made>({ call: 'segmenter', classes, options: choices }, tell);
      return {
        ...made,
        segment: async (image, how = {}) =>
          ask<WorkerResult>({ call: 'segment', segmenter: number, image: await sendable(image), options: how }),
        close: () => ask({ call: 'closeSegmenter', segmenter: number }),
      };
    },
  };
}

function caller(worker: WorkerLike): <Value>(asked: WorkerCall, onProgress?: ProgressCallback) => Promise<Value> {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let broken: RfclipError | undefined;
  worker.addEventListener('message', (event) => {
    const data = event.data as WorkerAnswer;
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
  return <Value>(asked: WorkerCall, onProgress?: ProgressCallback) =>
    new Promise<Value>((resolve, reject) => {
      if (broken !== undefined) throw broken;
      const id = calls++;
      // First, because it throws for what cannot be sent.
      worker.postMessage({ id, ...asked });
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onProgress });
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
