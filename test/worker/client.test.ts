import { describe, expect, it } from 'vitest';
import { RfclipError } from '../../engine/errors.ts';
import { answerAdded } from '../../worker/calls.ts';
import { openInWorker, type WorkerEventLike, type WorkerLike } from '../../worker/client.ts';
import { runRecordings } from '../../worker/runRecordings.ts';
import type { WorkerAnswer, WorkerCall } from '../../worker/messages.ts';

type Listener = (event: WorkerEventLike) => void;
type Asked = WorkerCall & { id: number };

/** A worker that answers as it is told. */
function fakeWorker(answer: (asked: Asked) => Omit<WorkerAnswer, 'id'>[]) {
  const listeners = new Map<string, Listener>();
  const asked: Asked[] = [];
  const tell = (type: string, event: Omit<WorkerEventLike, 'type'>) => listeners.get(type)!({ type, ...event });
  const worker: WorkerLike = {
    addEventListener: (type, listener) => listeners.set(type, listener),
    postMessage: (message) => {
      const call = structuredClone(message) as Asked;
      asked.push(call);
      for (const part of answer(call)) queueMicrotask(() => tell('message', { data: { id: call.id, ...part } }));
    },
  };
  return { worker, asked, tell };
}

const OPENED = { adapter: 'a GPU', checkpoint: 'c', config: {}, notes: [] };

describe('a model in a worker', () => {
  it('sends calls in order and hands their answers over', async () => {
    const answers: Record<string, unknown> = {
      open: OPENED,
      segmenter: { number: 7, classes: [], method: 'rfclip', notices: [] },
      segment: { width: 2 },
    };
    const { worker, asked } = fakeWorker(({ call }) => [{ value: answers[call] }]);
    const model = await openInWorker(worker, { cacheText: false });
    const segmenter = await model.segmenter('cat, dog', { window: 0 });
    const image = { width: 1, height: 1, data: new Uint8Array(3) };
    expect(await segmenter.segment(image, { overlay: true })).toEqual({ width: 2 });
    await segmenter.close();
    await model.close();
    expect({ model, segmenter }).toMatchObject({ model: OPENED, segmenter: { method: 'rfclip' } });
    expect(asked).toEqual([
      { id: 0, call: 'open', options: { cacheText: false } },
      { id: 1, call: 'segmenter', classes: 'cat, dog', options: { window: 0 } },
      { id: 2, call: 'segment', segmenter: 7, image, options: { overlay: true } },
      { id: 3, call: 'closeSegmenter', segmenter: 7 },
      { id: 4, call: 'close' },
    ]);
  });

  it('tells how far it is', async () => {
    const progress = { status: 'ready', name: 'n', file: 'checkpoint' } as const;
    const events: unknown[] = [];
    const { worker } = fakeWorker(() => [{ progress }, { value: OPENED }]);
    await openInWorker(worker, { onProgress: (event) => events.push(event) });
    expect(events).toEqual([progress]);
  });

  it('throws what its model throws', async () => {
    const error = { message: 'there is no GPU', code: 'RFCLIP-NO-ADAPTER', fix: 'get one', where: undefined };
    const failure = openInWorker(fakeWorker(() => [{ error }]).worker);
    await expect(failure).rejects.toBeInstanceOf(RfclipError);
    await expect(failure).rejects.toMatchObject(error);
  });

  it('says that the worker failed, of all calls that wait and of later ones', async () => {
    const { worker, tell } = fakeWorker(({ call }) => (call === 'open' ? [{ value: OPENED }] : []));
    const model = await openInWorker(worker);
    const waiting = model.segmenter('cat');
    tell('error', { message: 'out of memory' });
    const failed = { code: 'RFCLIP-WORKER', message: 'the worker failed: out of memory' };
    await expect(waiting).rejects.toMatchObject(failed);
    await expect(model.segmenter('dog')).rejects.toMatchObject(failed);
  });

  it('gives a call up, and says so to the worker', async () => {
    const { worker, asked } = fakeWorker(({ call }) => (call === 'open' ? [{ value: OPENED }] : []));
    const model = await openInWorker(worker);
    const stop = new AbortController();
    const reason = new Error('enough');
    const waiting = model.conformance({ source: '/recordings.zip', signal: stop.signal });
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(model.segmenter('cat', { signal: stop.signal })).rejects.toBe(reason);
    expect(asked.slice(1)).toEqual([
      { id: 1, call: 'conformance', options: { source: '/recordings.zip' } },
      { id: 1, call: 'abort' },
    ]);
  });

  it('tells of the device that was lost, and of no other', async () => {
    const error = { message: 'the device was lost', code: 'RFCLIP-DEVICE-LOST', fix: undefined, where: undefined };
    const { worker, tell } = fakeWorker(() => [{ value: OPENED }]);
    const [first, second] = [await openInWorker(worker), await openInWorker(worker)];
    tell('message', { data: { id: 1, lost: error } });
    await expect(second.lost).resolves.toMatchObject(error);
    await expect(Promise.race([first.lost, Promise.resolve('no')])).resolves.toBe('no');
  });

  it('says what a worker has to import for a call', async () => {
    const context = { state: { model: undefined, segmenters: new Map() }, onProgress: () => {}, onLost: () => {} };
    const { signal } = new AbortController();
    const asked = { call: 'conformance', options: { source: '' } } as const;
    await expect(answerAdded(asked, { ...context, signal })).rejects.toMatchObject({
      code: 'RFCLIP-WORKER',
      message: 'the worker does not know the call conformance',
      fix: "import 'rfclip/worker/conformance' in the file of the worker",
    });
  });

  it('refuses what cannot be sent', async () => {
    const model = await openInWorker(fakeWorker(() => [{ value: OPENED }]).worker);
    const refusal = (work: Promise<unknown>) => work.catch(({ code, message, where }) => ({ code, message, where }));
    const code = 'RFCLIP-OPTIONS';
    expect(await refusal(model.segmenter('cat', { method: (() => {}) as never }))).toEqual({
      code,
      where: 'method',
      message: 'the option method is a function, which cannot be sent to a worker',
    });
    const own = { name: 'mine', make: () => {} };
    expect(await refusal(model.segmenter('cat', { method: own as never }))).toMatchObject({
      code,
      where: 'method.make',
    });
    const gpu = new WeakMap();
    expect(await refusal(openInWorker(fakeWorker(() => []).worker, { device: gpu } as never))).toMatchObject({
      where: 'device',
      message: expect.stringMatching(/^the option device is a WeakMap, which cannot be sent to a worker \(.*\)$/),
    });
    const segmenter = await model.segmenter('cat');
    expect(await refusal(segmenter.segment((() => {}) as never))).toMatchObject({ where: 'image' });
    expect(await refusal(segmenter.segment(new Uint8Array(3), { signal: 5 as never }))).toMatchObject({
      message: 'the option signal of segment is of type number, expected an AbortSignal',
    });
  });

  it('says what recordings are when it gets none', async () => {
    for (const [source, found] of [
      [undefined, 'absent'],
      [[1], 'of type object'],
    ])
      await expect(
        runRecordings({ source } as never, { onProgress: () => {}, signal: undefined } as never),
      ).rejects.toThrow(`the source of the recordings is ${found}, expected an address, a Blob or an ArrayBuffer`);
  });
});
