import { RfclipError } from '../../engine/errors.ts';
import { unlessAborted } from '../../system/abort.ts';
import { openInWorker, type WorkerModel, type WorkerSegmenter } from '../../worker/client.ts';
import { built } from '../built.ts';
import type { AppState, AppStore, Step } from '../state/appState.ts';
import { BACKGROUND, type Choices, classInput, LONG_SIDE } from '../state/choices.ts';
import { settingsKey, weightsKey } from '../state/question.ts';
import { NO_ADAPTER, problemOf } from './problems.ts';
import { stepOf } from './steps.ts';

const RESTART = 'press Segment to start the GPU again';
const NEVER = new AbortController().signal;

/** A worker with an open model. */
interface Opened {
  /** Of its weights and options. */
  key: string;
  worker: Worker;
  model: Promise<WorkerModel>;
  /** Ends all waiting when the worker is ended. */
  ending: AbortController;
}

/** Keeps one worker with one model and its newest segmenter; everything heavy happens there. */
export class Engine {
  readonly #store: AppStore;
  #opened: Opened | undefined;
  #segmenter: { key: string; made: Promise<WorkerSegmenter> } | undefined;

  constructor(store: AppStore) {
    this.#store = store;
  }

  /**
   * The model of the chosen weights, opened where it is not.
   * @param signal of whoever asks
   * @returns the model, and a signal that also ends when the worker does
   * @throws as `openInWorker`
   */
  async model(signal: AbortSignal = NEVER): Promise<{ model: WorkerModel; signal: AbortSignal }> {
    const key = weightsKey(this.#store.get());
    if (this.#opened !== undefined && this.#opened.key !== key) this.stop();
    const { model, ending } = (this.#opened ??= this.#open(key));
    const both = AbortSignal.any([signal, ending.signal]);
    return { model: await unlessAborted(model, both), signal: both };
  }

  /** A segmenter of these choices, made where there is none. @throws as `WorkerModel.segmenter` */
  async segmenter(
    { model, signal }: { model: WorkerModel; signal: AbortSignal },
    choices: Choices,
    onStep: (step: Step) => void,
  ): Promise<WorkerSegmenter> {
    const { classes, method, threshold, window, side } = choices;
    const key = settingsKey(choices);
    if (this.#segmenter?.key === key) return this.#segmenter.made;
    void this.#segmenter?.made.then((made) => made.close()).catch(() => undefined);
    const made = model.segmenter(classInput(classes), {
      method,
      window,
      // Half a window apart, as published.
      ...(window === 0 ? {} : { stride: Math.ceil(window / 2) }),
      resize: [Math.max(LONG_SIDE, side), side],
      probabilityThreshold: threshold,
      ...(threshold > 0 ? { background: BACKGROUND } : {}),
      signal,
      onProgress: (event) => {
        const step = stepOf(event);
        if (step !== undefined) onStep(step);
      },
    });
    this.#segmenter = { key, made };
    made.catch(() => {
      if (this.#segmenter?.made === made) this.#segmenter = undefined;
    });
    return made;
  }

  /** Ends the worker, whatever it does; the next question starts another. @param reason for whoever waits */
  stop(reason?: unknown): void {
    this.#opened?.worker.terminate();
    this.#opened?.ending.abort(reason);
    this.#opened = undefined;
    this.#segmenter = undefined;
    if (this.#store.get().engine.status !== 'absent') this.#store.set({ engine: { status: 'closed' } });
  }

  #open(key: string): Opened {
    const state = this.#store.get();
    const worker = new Worker(new URL(built.worker, document.baseURI), { type: 'module' });
    const ending = new AbortController();
    const isMine = () => this.#opened?.worker === worker;
    const tell = (step: Step) => isMine() && this.#store.set({ engine: { status: 'opening', step } });
    this.#store.set({ engine: { status: 'opening', step: { text: 'Looking for a GPU' } } });
    const model = openInWorker(worker, {
      checkpoint: checkpointOf(state),
      profile: state.profile,
      signal: ending.signal,
      onProgress: (event) => {
        const step = stepOf(event);
        if (step !== undefined) tell(step);
      },
    });
    model.then(
      (made) => {
        if (!isMine()) return;
        this.#ready(made, worker);
        // All later calls to this worker would fail.
        worker.addEventListener('error', ({ message }) => isMine() && this.#broke(message));
      },
      (error: unknown) => isMine() && this.#failed(error),
    );
    return { key, worker, model, ending };
  }

  #ready(model: WorkerModel, worker: Worker): void {
    const { adapter, checkpoint, notes, config } = model;
    this.#store.set({ engine: { status: 'ready', adapter, checkpoint, notes, vision: config.vision } });
    void model.lost.then((error) => {
      if (this.#opened?.worker !== worker) return;
      const { message, code } = error;
      const told = new RfclipError(message, { code, fix: RESTART });
      this.stop(told);
      this.#store.set({ problem: problemOf(told) });
    });
  }

  #broke(reason: string): void {
    const told = new RfclipError(`the worker failed: ${reason}`, { code: 'RFCLIP-WORKER', fix: RESTART });
    this.stop(told);
    this.#store.set({ problem: problemOf(told) });
  }

  #failed(error: unknown): void {
    const problem = problemOf(error);
    this.stop();
    if (problem.code === NO_ADAPTER) return this.#store.set({ engine: { status: 'absent', problem } });
    const { weights } = this.#store.get();
    this.#store.set({ problem, weights: undefined });
    // Those that ship stand in for what cannot be read.
    if (weights !== undefined) void this.model().catch(() => undefined);
  }
}

/** Whose weights are opened: the user's, those with planted distraction tokens, or the embedded ones. */
function checkpointOf({ weights, choices }: AppState): File | string | undefined {
  return weights ?? (choices.planted ? 'planted' : undefined);
}
