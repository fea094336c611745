// Runs in a page: what the tests ask of a worker that looks inside. Bundled, never imported.
import type { RfclipError } from 'rfclip';
import { type ConformanceProgress, openInWorker, type WorkerModel } from 'rfclip/worker/client';

/** What the tests and the page agree on. */
interface Looked {
  picture: { width: number; height: number; data: number[] };
  classes: string;
  settings: object;
  points: { x: number; y: number }[];
  methods: string[];
  names: string[];
}

const worker = new Worker('/worker.js', { type: 'module' });
let model: WorkerModel | undefined;

const pictureOf = ({ picture }: Looked) => ({ ...picture, data: Uint8Array.from(picture.data) });
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'it went well',
    ({ code, message, fix }: RfclipError) => ({ code, message, fix }),
  );

const tests = {
  /** Tensors and panels of a run, and the time of its kernels. */
  async look(asked: Looked) {
    model = await openInWorker(worker, { checkpoint: 'planted', profile: true });
    const segmenter = await model.segmenter(asked.classes, asked.settings);
    await model.kernelTimes({ reset: true });
    const traced = await segmenter.trace(pictureOf(asked), asked.names);
    const times = await model.kernelTimes({ reset: true });
    const steps: string[] = [];
    const { explanation, photo } = await segmenter.explain(pictureOf(asked), {
      points: asked.points,
      methods: asked.methods,
      onProgress: ({ done, total, text }) => steps.push(`${done}/${total} ${text}`),
    });
    const context = new OffscreenCanvas(photo.width, photo.height).getContext('2d')!;
    context.drawImage(photo, 0, 0);
    const shown = context.getImageData(0, 0, photo.width, photo.height).data.filter((_, i) => i % 4 < 3);
    const outside = await refusal(segmenter.explain(pictureOf(asked), { points: [{ x: 0, y: 72 }] }));
    const name = await refusal(segmenter.trace(pictureOf(asked), ['layer0/none']));
    await segmenter.close();
    const tensors = Object.entries(traced.tensors).map(([key, { data, shape }]) => [key, { data: [...data], shape }]);
    const { checkpoint } = model;
    return { tensors, grid: traced.grid, times, steps, explanation, shown: [...shown], outside, name, checkpoint };
  },

  /** Labels of the method that takes a second checkpoint. */
  async cass({ classes, settings, ...asked }: Looked) {
    const dino = await (await fetch('/tiny_dino.safetensors')).blob();
    model = await openInWorker(worker, { dino });
    const segmenter = await model.segmenter(classes, { ...settings, method: 'cass' });
    const { probabilities } = await segmenter.segment(pictureOf({ classes, settings, ...asked }), {
      probabilities: true,
    });
    await segmenter.close();
    return [...probabilities!.data];
  },

  /** All recorded cases; one run is given up. */
  async conformance() {
    model ??= await openInWorker(worker);
    const stop = new AbortController();
    const half = model.conformance({
      source: '/recordings.zip',
      onProgress: () => stop.abort(new Error('enough')),
      signal: stop.signal,
    });
    const stopped = await half.catch((error: Error) => error.message);
    const text = await refusal(model.conformance({ source: new Blob(['no archive']) }));
    const seen: string[] = [];
    const onProgress = ({ done, total, result }: ConformanceProgress) => seen.push(`${done}/${total} ${result.name}`);
    const started = performance.now();
    const summary = await model.conformance({ source: '/recordings.zip', onProgress });
    return { summary, seen, stopped, text, seconds: (performance.now() - started) / 1000 };
  },

  /** The device goes while calls are in flight. */
  async lose(asked: Looked) {
    model ??= await openInWorker(worker);
    const segmenter = await model.segmenter(asked.classes, asked.settings);
    const calls = [
      segmenter.explain(pictureOf(asked)),
      segmenter.segment(pictureOf(asked)),
      model.segmenter('a word that was not encoded yet', asked.settings), // what is kept needs no device
    ].map(refusal);
    worker.postMessage({ call: 'lose' });
    const inFlight = await Promise.all(calls);
    const { code, message, fix } = await model.lost;
    const later = await refusal(segmenter.segment(pictureOf(asked)));
    model = await openInWorker(worker);
    const again = await model.segmenter(asked.classes, asked.settings);
    const { labels } = await again.segment(pictureOf(asked));
    await model.close();
    return { inFlight, lost: { code, message, fix }, later, labels: [...labels.data] };
  },
};
Object.assign(globalThis, { tests });
