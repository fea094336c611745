// Runs in a page: what the tests in Chromium ask of the library. Bundled, never imported.
import { CheckpointError, Model, RfclipError, type Segmenter } from 'rfclip';
import { openInWorker } from 'rfclip/worker/client';

/** Pixels of the scene as the tests know them. */
interface Scene {
  width: number;
  height: number;
  /** RGB. */
  data: number[];
}

const SETTINGS = { resize: [224, 112] as [number, number], window: 0 };

async function fetchBlob(path: string): Promise<Blob> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.blob();
}

const scene = (): Promise<Scene> =>
  fetchBlob('/scene.json')
    .then((blob) => blob.text())
    .then(JSON.parse);
const bytesOf = ({ data, ...size }: Scene) => ({ ...size, data: Uint8Array.from(data) });

/** Counts what is read of a file, and how much at a time. */
function watched(blob: Blob, name: string) {
  const reads: number[] = [];
  const slice = (from?: number, to?: number) => {
    const part = Blob.prototype.slice.call(blob, from, to);
    reads.push(part.size);
    return part;
  };
  const whole = () => Promise.reject(new Error('the file was read whole'));
  Object.assign(blob, { name, slice, arrayBuffer: whole, text: whole, stream: whole });
  return { blob, reads };
}

async function labelsOf(segmenter: Segmenter) {
  const result = await segmenter.segment(bytesOf(await scene()));
  return { labels: [...result.labels.data], report: result.toJSON(), png: result.overlayPng().length };
}

const tests = {
  /** The embedded checkpoint, which is fetched; then refusals. */
  async embedded(classes: string) {
    const events: string[] = [];
    using model = await Model.open({ onProgress: ({ status, file }) => events.push(`${status} ${file}`) });
    const segmenter = await model.segmenter(classes, SETTINGS);
    const first = await labelsOf(segmenter);
    const refusals: Record<string, string> = {};
    const refuse = async (name: string, work: () => Promise<unknown>) => {
      const error = await work().then(
        () => undefined,
        (caught: unknown) => caught,
      );
      refusals[name] = error instanceof RfclipError ? `${error.code}: ${error.message}` : String(error);
    };
    await refuse('text', () => segmenter.segment(new File(['no picture'], 'notes.txt')));
    await refuse('path', () => segmenter.segment('photo.jpg'));
    await refuse('classes', () => model.segmenter(''));
    await refuse('folder', async () =>
      segmenter.segment(bytesOf(await scene())).then((result) => result.save('out/a')),
    );
    // The same pixels in other wrappings.
    const { width, height, data } = bytesOf(await scene());
    const rgba = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) rgba.data.set([...data.subarray(3 * i, 3 * i + 3), 255], 4 * i);
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d')!.putImageData(rgba, 0, 0);
    const png = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    const differing: Record<string, number> = {};
    const wrappings = { rgba, canvas, png: png!, bitmap: await createImageBitmap(rgba) };
    for (const [name, image] of Object.entries(wrappings)) {
      const { labels } = await segmenter.segment(image);
      differing[name] = labels.data.reduce((sum, label, i) => sum + Number(label !== first.labels[i]), 0);
    }
    return { ...first, events, refusals, differing, adapter: model.adapter };
  },

  /** A file of the user's. */
  async blob(path: string, classes: string) {
    const { blob, reads } = watched(await fetchBlob(path), 'mine.bin');
    const { size } = blob;
    using model = await Model.open({ checkpoint: blob });
    const opening = reads.splice(0).reduce((sum, bytes) => sum + bytes, 0);
    const { labels } = await labelsOf(await model.segmenter(classes, SETTINGS));
    return { labels, size, opening, largest: Math.max(...reads), checkpoint: model.checkpoint };
  },

  async damaged(path: string) {
    const whole = await fetchBlob(path);
    const half = whole.slice(0, whole.size / 2);
    const error = await Model.open({ checkpoint: half }).catch((caught: unknown) => caught);
    return error instanceof CheckpointError ? error.message : String(error);
  },

  /** The page does other things while the worker works. */
  async worker(classes: string) {
    const worker = new Worker('/worker.js', { type: 'module' });
    let turns = 0;
    const clock = setInterval(() => turns++, 20);
    const model = await openInWorker(worker, { checkpoint: await fetchBlob('/clip/weights/microclip.safetensors') });
    const segmenter = await model.segmenter(classes, SETTINGS);
    const started = performance.now();
    const before = turns;
    const result = await segmenter.segment(bytesOf(await scene()), { overlay: true });
    const share = (turns - before) / ((performance.now() - started) / 20);
    clearInterval(clock);
    const failure = await segmenter.segment(new Blob(['no picture'])).catch((error: unknown) => error as RfclipError);
    await model.close();
    worker.terminate();
    const code = failure instanceof RfclipError ? failure.code : undefined;
    return { labels: [...result.labels.data], share, code, png: result.overlayPng?.length };
  },
};
Object.assign(globalThis, { tests });
