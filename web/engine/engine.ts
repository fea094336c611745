import { openInWorker, type WorkerModel, type WorkerSegmenter } from '../../worker/client.ts';
import { built } from '../built.ts';
import type { AppStore, Step } from '../state/appState.ts';
import { BACKGROUND, type Choices, classInput, LONG_SIDE } from '../state/choices.ts';
import { NO_ADAPTER, problemOf } from './problems.ts';
import { stepOf } from './steps.ts';

/** A worker with an open model. */
interface Opened {
  worker: Worker;
  model: Promise<WorkerModel>;
}

/** Keeps one worker with one model and its newest segmenter; everything heavy happens there. */
export class Engine {
  readonly #store: AppStore;
  #opened: Opened | undefined;
  #segmenter: { key: string; made: Promise<WorkerSegmenter> } | undefined;

  constructor(store: AppStore) {
    this.#store = store;
  }

  /** The model of the chosen weights, opened where it is not. @throws as `openInWorker` */
  model(): Promise<WorkerModel> {
    return (this.#opened ??= this.#open()).model;
  }

  /** A segmenter of these choices. @throws as `model` and `WorkerModel.segmenter` */
  async segmenter(choices: Choices, onStep: (step: Step) => void): Promise<WorkerSegmenter> {
    const model = await this.model();
    const { classes, method, threshold, window, side } = choices;
    const key = JSON.stringify([classes, method, threshold, window, side]);
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

  /** Ends the worker, whatever it does; the next question starts another. */
  stop(): void {
    this.#opened?.worker.terminate();
    this.#opened = undefined;
    this.#segmenter = undefined;
    if (this.#store.get().engine.status !== 'absent') this.#store.set({ engine: { status: 'closed' } });
  }

  #open(): Opened {
    const { weights, profile } = this.#store.get();
    const worker = new Worker(new URL(built.worker, document.baseURI), { type: 'module' });
    const isMine = () => this.#opened?.worker === worker;
    const tell = (step: Step) => isMine() && this.#store.set({ engine: { status: 'opening', step } });
    this.#store.set({ engine: { status: 'opening', step: { text: 'Looking for a GPU' } } });
    const model = openInWorker(worker, {
      checkpoint: weights,
      profile,
      onProgress: (event) => {
        const step = stepOf(event);
        if (step !== undefined) tell(step);
      },
    });
    model.then(
      (made) => isMine() && this.#ready(made, worker),
      (error: unknown) => isMine() && this.#failed(error),
    );
    return { worker, model };
  }

  #ready(model: WorkerModel, worker: Worker): void {
    const { adapter, checkpoint, notes, config } = model;
    this.#store.set({ engine: { status: 'ready', adapter, checkpoint, notes, patch: config.vision.patch } });
    void model.lost.then((error) => {
      if (this.#opened?.worker !== worker) return;
      this.stop();
      this.#store.set({ problem: { ...problemOf(error), fix: 'Press Segment to start the GPU again.' } });
    });
  }

  #failed(error: unknown): void {
    const problem = problemOf(error);
    this.stop();
    if (problem.code === NO_ADAPTER) return this.#store.set({ engine: { status: 'absent', problem } });
    const { weights } = this.#store.get();
    this.#store.set({ problem, weights: undefined });
    // The embedded weights stand in for what cannot be read.
    if (weights !== undefined) void this.model().catch(() => undefined);
  }
}
