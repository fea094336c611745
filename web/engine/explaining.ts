import type { WorkerExplanation } from '../../worker/client.ts';
import type { AppStore, Point } from '../state/appState.ts';
import { questionOf } from '../state/question.ts';
import type { Engine } from './engine.ts';
import { latest } from './latest.ts';
import { problemOf } from './problems.ts';

/** Looks inside at points of the picture. */
export interface Explaining {
  at(point: Point): void;
  close(): void;
}

interface Request {
  question: string;
  point: Point;
}

/** Keeps the look inside; it closes when another question is asked. */
export function explainPoints(store: AppStore, engine: Engine): Explaining {
  const runs = latest<Request, WorkerExplanation>(
    ({ point }, signal) => explain(point, signal),
    (outcome, { question, point }) => {
      if (questionOf(store.get()) !== question) return;
      if ('answer' in outcome) {
        const { explanation, photo } = outcome.answer;
        store.set({ explain: { status: 'open', point, explanation, photo: photo as ImageBitmap } });
      } else store.set({ explain: { status: 'closed' }, problem: problemOf(outcome.error) });
    },
    () => undefined,
  );

  async function explain(point: Point, wanted: AbortSignal): Promise<WorkerExplanation> {
    const { picture, choices } = store.get();
    const opened = await engine.model(wanted);
    const segmenter = await engine.segmenter(opened, choices, () => undefined);
    return segmenter.explain(picture!.file, {
      points: [point],
      signal: opened.signal,
      onProgress: ({ done, total, text }) =>
        store.set({ explain: { status: 'running', point, step: { text, done: done / total } } }),
    });
  }

  const close = () => {
    runs.drop();
    store.set({ explain: { status: 'closed' } });
  };
  store.watch((state, before) => {
    if (questionOf(state) !== questionOf(before) && state.explain.status !== 'closed') close();
  });

  return {
    at(point) {
      const question = questionOf(store.get());
      if (question === undefined || store.get().result?.question !== question) return;
      store.set({ explain: { status: 'running', point, step: { text: 'Looking inside' } } });
      runs.ask({ question, point });
    },
    close,
  };
}
