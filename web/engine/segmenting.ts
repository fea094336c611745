import { classColours } from '../picture/classColours.ts';
import type { AppStore, Picture, Result } from '../state/appState.ts';
import type { Choices } from '../state/choices.ts';
import { questionOf } from '../state/question.ts';
import type { Engine } from './engine.ts';
import { latest } from './latest.ts';
import { problemOf } from './problems.ts';

/** Until nothing was typed for so long, nothing is asked. */
const PATIENCE_MILLISECONDS = 350;

interface Request {
  question: string;
  picture: Picture;
  choices: Choices;
}

/** Segments whatever is chosen, as soon as it is. */
export interface Segmenting {
  /** Asks now, also for what is known. */
  now(): void;
  /** Gives up what runs. */
  stop(): void;
}

/** Watches choices and pictures, and keeps the result up to date: the newest question wins. */
export function segmentWhatIsChosen(store: AppStore, engine: Engine): Segmenting {
  let timer: ReturnType<typeof setTimeout> | undefined;

  const runs = latest<Request, Result>(
    (request, signal) => segment(request, signal, store, engine),
    (outcome, { question }) => {
      if (questionOf(store.get()) !== question) return;
      if ('answer' in outcome) store.set({ result: outcome.answer, alone: undefined });
      else if (store.get().engine.status !== 'absent') store.set({ problem: problemOf(outcome.error) });
    },
    () => store.set({ run: undefined }),
  );

  const now = () => {
    clearTimeout(timer);
    const { picture, choices, engine: state } = store.get();
    const question = questionOf(store.get());
    if (state.status === 'absent') return;
    if (picture === undefined)
      return store.set({ problem: { message: 'There is no image yet: drop one, paste one or take an example.' } });
    if (question === undefined) {
      const message = 'There are no classes yet: type what may be in the image, such as cat, dog, grass.';
      return store.set({ problem: { message, code: 'RFCLIP-CLASSES' } });
    }
    store.set({ run: store.get().run ?? { text: 'Getting ready' }, problem: undefined });
    runs.ask({ question, picture, choices });
  };

  store.watch((state, before) => {
    const [question, former] = [questionOf(state), questionOf(before)];
    if (question === former) return;
    clearTimeout(timer);
    if (question === undefined) {
      runs.drop();
      return store.set({ result: undefined });
    }
    // It was changed back.
    if (question === state.result?.question) return runs.drop();
    const isNewPicture = state.picture !== before.picture;
    timer = setTimeout(now, isNewPicture ? 0 : PATIENCE_MILLISECONDS);
  });

  return {
    now,
    stop() {
      clearTimeout(timer);
      runs.drop();
      // Weights that are being read have no end of their own.
      if (store.get().engine.status === 'opening') engine.stop();
    },
  };
}

async function segment(
  { question, picture, choices }: Request,
  wanted: AbortSignal,
  store: AppStore,
  engine: Engine,
): Promise<Result> {
  const started = performance.now();
  const opened = await engine.model(wanted);
  const segmenter = await engine.segmenter(opened, choices, (step) => store.set({ run: step }));
  store.set({ run: { text: 'Segmenting' } });
  const answer = await segmenter.segment(picture.file, { labelPng: true, signal: opened.signal });
  if (store.get().profile) store.set({ kernels: await opened.model.kernelTimes({ reset: true }) });
  return {
    number: picture.number,
    question,
    answer,
    notices: [...segmenter.notices, ...answer.notices],
    palette: classColours(choices).palette,
    milliseconds: performance.now() - started,
  };
}
