// A module worker that opens a model and segments, so that the page stays responsive: `rfclip/worker`. What speaks to
// it is `openInWorker`.
import { RfclipError } from '../engine/errors.ts';
import type { MethodName } from '../rfclip/methods/index.ts';
import { Model } from '../library/model.ts';
import type { ProgressCallback } from '../library/progress.ts';
import type { Segmenter } from '../library/segmenter.ts';
import type { SentError, WorkerCall, WorkerResult, WorkerSegmentOptions } from './messages.ts';
import type { ImageInput } from '../library/images.ts';

let model: Model | undefined;
const segmenters = new Map<number, Segmenter>();
let made = 0;

async function answer(asked: WorkerCall, onProgress: ProgressCallback): Promise<unknown> {
  if (asked.call === 'open') {
    model?.close();
    model = await Model.open({ ...asked.options, onProgress });
    const { adapter, checkpoint, config, notes } = model;
    return { adapter, checkpoint, config, notes };
  }
  if (model === undefined) throw new RfclipError('the model of the worker was closed', { code: 'RFCLIP-CLOSED' });
  if (asked.call === 'segmenter') {
    const { method, ...options } = asked.options;
    const segmenter = await model.segmenter(asked.classes, { ...options, method: method as MethodName, onProgress });
    segmenters.set(++made, segmenter);
    return { number: made, classes: segmenter.classes, method: segmenter.method, notices: segmenter.notices };
  }
  if (asked.call === 'segment') return segment(segmenters.get(asked.segmenter), asked.image, asked.options);
  if (asked.call === 'closeSegmenter') {
    segmenters.get(asked.segmenter)?.close();
    segmenters.delete(asked.segmenter);
  } else {
    model.close();
    model = undefined;
    segmenters.clear();
  }
  return undefined;
}

async function segment(
  segmenter: Segmenter | undefined,
  image: ImageInput,
  { overlay, ...options }: WorkerSegmentOptions,
): Promise<WorkerResult> {
  if (segmenter === undefined) throw new RfclipError('the segmenter was closed', { code: 'RFCLIP-CLOSED' });
  const result = await segmenter.segment(image, options);
  const { name, width, height, labels, confidence, probabilities, classes, classNames, notices } = result;
  return {
    name,
    width,
    height,
    labels,
    confidence,
    probabilities,
    classes,
    classNames,
    notices,
    report: result.toJSON(),
    overlayPng: overlay === true ? result.overlayPng() : undefined,
  };
}

/** Memory that a value hands over, in place of a copy. */
function memoryOf(value: unknown): Transferable[] {
  const { labels, confidence, probabilities, overlayPng } = Object(value) as Partial<WorkerResult>;
  const arrays = [labels?.data, confidence?.data, probabilities?.data, overlayPng];
  return arrays.flatMap((array) => (array === undefined ? [] : [array.buffer as ArrayBuffer]));
}

function sentError(error: unknown): SentError {
  const { message, code, fix, where } = Object(error) as Partial<SentError>;
  return { message: message ?? String(error), code, fix, where };
}

/** The worker's own global, as far as it is used here; elsewhere than in a worker, nobody calls. */
interface WorkerGlobal {
  addEventListener?(type: 'message', listener: (event: { data: WorkerCall & { id: number } }) => void): void;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}
const here = globalThis as unknown as WorkerGlobal;

here.addEventListener?.('message', ({ data: { id, ...asked } }) => {
  answer(asked as WorkerCall, (progress) => here.postMessage({ id, progress })).then(
    (value) => here.postMessage({ id, value }, memoryOf(value)),
    (error: unknown) => here.postMessage({ id, error: sentError(error) }),
  );
});
