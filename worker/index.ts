// A module worker that opens a model and segments, so that the page stays responsive: `rfclip/worker`. What speaks to
// it is `openInWorker`.
import { RfclipError } from '../engine/errors.ts';
import type { MethodName } from '../rfclip/methods/index.ts';
import { Model } from '../library/model.ts';
import type { Segmenter, TracedRun } from '../library/segmenter.ts';
import { answerAdded, type CallContext, segmenterOf, type WorkerState } from './calls.ts';
import type {
  Abort,
  SentError,
  WorkerAnswer,
  WorkerCall,
  WorkerExplanation,
  WorkerModelOptions,
  WorkerResult,
  WorkerSegmentOptions,
} from './messages.ts';
import type { ImageInput } from '../library/images.ts';

const state: WorkerState = { model: undefined, segmenters: new Map() };
let made = 0;

async function answer(asked: WorkerCall, context: CallContext): Promise<unknown> {
  if (asked.call === 'open') return open(asked.options, context);
  const { model, segmenters } = state;
  const { onProgress, signal } = context;
  if (model === undefined) throw new RfclipError('the model of the worker was closed', { code: 'RFCLIP-CLOSED' });
  switch (asked.call) {
    case 'segmenter': {
      const { method, ...choices } = asked.options;
      const options = { ...choices, method: method as MethodName, onProgress, signal };
      const segmenter = await model.segmenter(asked.classes, options);
      segmenters.set(++made, segmenter);
      return { number: made, classes: segmenter.classes, method: segmenter.method, notices: segmenter.notices };
    }
    case 'segment':
      return segment(segmenterOf(state, asked.segmenter), asked.image, { ...asked.options, signal });
    case 'trace':
      return segmenterOf(state, asked.segmenter).trace(asked.image, asked.names, { ...asked.options, signal });
    case 'closeSegmenter':
      segmenters.get(asked.segmenter)?.close();
      return void segmenters.delete(asked.segmenter);
    case 'kernelTimes':
      return model.kernelTimes({ reset: asked.reset });
    case 'close':
      return closeModel();
    default:
      return answerAdded(asked, context);
  }
}

/** Opens a model in the place of the last. */
async function open(options: WorkerModelOptions, { onProgress, onLost, signal }: CallContext): Promise<unknown> {
  closeModel();
  // Whoever speaks to the worker is told of a loss, and opens another.
  const model = await Model.open({ ...options, reopenDevice: false, onProgress, signal });
  // Another one may have been opened meanwhile.
  closeModel();
  state.model = model;
  void model.device.gpu.lost.then(() => {
    if (state.model !== model) return;
    try {
      model.device.assertUsable();
    } catch (error) {
      onLost(error);
    }
  });
  const { adapter, checkpoint, config, notes } = model;
  return { adapter, checkpoint, config, notes };
}

function closeModel(): void {
  state.model?.close();
  state.model = undefined;
  state.segmenters.clear();
}

async function segment(
  segmenter: Segmenter,
  image: ImageInput,
  { overlay, labelPng, ...options }: WorkerSegmentOptions & Pick<CallContext, 'signal'>,
): Promise<WorkerResult> {
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
    labelPng: labelPng === true ? result.labelPng() : undefined,
  };
}

/** Memory that a value hands over, in place of a copy. */
function memoryOf(value: unknown): Transferable[] {
  type Any = Partial<WorkerResult & WorkerExplanation & TracedRun>;
  const { labels, confidence, probabilities, overlayPng, labelPng, photo, tensors = {} } = Object(value) as Any;
  const traced = Object.values(tensors).map(({ data }) => data);
  const arrays = [labels?.data, confidence?.data, probabilities?.data, overlayPng, labelPng, ...traced];
  const buffers = arrays.flatMap((array) => (array === undefined ? [] : [array.buffer as ArrayBuffer]));
  return [...new Set<Transferable>(buffers), ...(photo === undefined ? [] : [photo])];
}

function sentError(error: unknown): SentError {
  const { message, code, fix, where } = Object(error) as Partial<SentError>;
  const way = code === 'RFCLIP-DEVICE-LOST' ? 'open the model again' : undefined;
  return { message: message ?? String(error), code, fix: fix ?? way, where };
}

/** The worker's own global, as far as it is used here; elsewhere than in a worker, nobody calls. */
interface WorkerGlobal {
  addEventListener?(type: 'message', listener: (event: { data: (WorkerCall | Abort) & { id: number } }) => void): void;
  postMessage(message: WorkerAnswer, transfer?: Transferable[]): void;
}
const here = globalThis as unknown as WorkerGlobal;
const controllers = new Map<number, AbortController>();

here.addEventListener?.('message', ({ data: { id, ...asked } }) => {
  if (asked.call === 'abort') return controllers.get(id)?.abort();
  const controller = new AbortController();
  controllers.set(id, controller);
  const context: CallContext = {
    state,
    signal: controller.signal,
    onProgress: (progress) => here.postMessage({ id, progress }),
    onLost: (error) => here.postMessage({ id, lost: sentError(error) }),
  };
  answer(asked as WorkerCall, context)
    .then(
      (value) => here.postMessage({ id, value }, memoryOf(value)),
      (error: unknown) => here.postMessage({ id, error: sentError(error) }),
    )
    .finally(() => controllers.delete(id));
});
