// Runs in a page: what the tests ask of a worker that looks inside. Bundled, never imported.
import { RfclipError } from 'rfclip';
import { type ConformanceProgress, openInWorker } from 'rfclip/worker/client';

const newWorker = () => new Worker('/worker.js', { type: 'module' });

const tests = {
  /** All recorded cases. */
  async conformance() {
    const worker = newWorker();
    const model = await openInWorker(worker);
    const seen: string[] = [];
    const onProgress = ({ done, total, result }: ConformanceProgress) =>
      seen.push(`${Math.round(performance.now())} ${done}/${total} ${result.name}`);
    const started = performance.now();
    const summary = await model.conformance({ source: '/recordings.zip', onProgress });
    const seconds = (performance.now() - started) / 1000;
    worker.terminate();
    return { summary, seen, seconds };
  },
};
Object.assign(globalThis, { tests, RfclipError });
