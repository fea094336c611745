import { built } from '../built.ts';
import type { AppStore } from '../state/appState.ts';
import type { Engine } from './engine.ts';
import { problemOf } from './problems.ts';

/** Runs the recorded cases on this GPU, and keeps how many passed. */
export async function runRecordedCases(store: AppStore, engine: Engine, wanted: AbortSignal): Promise<void> {
  const started = performance.now();
  let [passed, failed] = [0, 0];
  store.set({ conformance: { status: 'running', step: { text: 'Fetching the recordings' }, passed, failed } });
  try {
    const { model, signal } = await engine.model(wanted);
    const summary = await model.conformance({
      source: new URL(built.recordings, document.baseURI).href,
      signal,
      onProgress: ({ done, total, result }) => {
        if (result?.verdict === 'ok') passed++;
        if (result?.verdict === 'FAIL') failed++;
        const step = { text: `${done} of ${total}`, done: done / total };
        store.set({ conformance: { status: 'running', step, passed, failed } });
      },
    });
    const failures = summary.results.filter(({ verdict }) => verdict === 'FAIL');
    const seconds = (performance.now() - started) / 1000;
    store.set({ conformance: { ...summary, status: 'done', failures, seconds } });
  } catch (error) {
    // Nobody needs to hear of what was stopped, or ended with its model.
    const isOver = wanted.aborted || (error as Error).name === 'AbortError';
    store.set({ conformance: { status: 'idle' }, ...(isOver ? {} : { problem: problemOf(error) }) });
  }
}
