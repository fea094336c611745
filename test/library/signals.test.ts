import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Device } from '../../engine/index.ts';
import { type AbortSignalLike, Model, type SegmentationResult, type Segmenter } from '../../library/index.ts';
import { expectEqual } from '../support/compare.ts';
import {
  buffersAtRest,
  expectBuffers,
  QUICK,
  randomPicture,
  untilAtWork,
  useSmallModel,
  WORDS,
} from '../support/useSmallModel.ts';

const small = useSmallModel();
const picture = randomPicture(1);
const reason = new Error('enough');
let segmenter: Segmenter;
let expected: SegmentationResult;
let fresh = 0;

beforeAll(async () => {
  segmenter = await small.model.segmenter(WORDS, QUICK);
  expected = await segmenter.segment(picture);
});

/** Words that nobody encoded before. */
const freshWords = () => `thing ${++fresh}, other thing ${fresh}`;

const calls: [string, (signal: AbortSignalLike) => Promise<unknown>][] = [
  ['segment', (signal) => segmenter.segment(picture, { signal })],
  ['segmentMany', (signal) => segmenter.segmentMany([picture], { signal }).next()],
  ['segmenter', (signal) => small.model.segmenter(freshWords(), { ...QUICK, signal })],
  ['encodeImage', (signal) => small.model.encodeImage(picture, { signal })],
  ['encodeText', (signal) => small.model.encodeText(['a', 'b'], { signal })],
  ['classify', (signal) => small.model.classify(picture, freshWords(), { signal })],
];

/** The model works as before and nothing was left on its device. */
async function expectUntouched(before: number): Promise<void> {
  await expectBuffers(small.model, before);
  expectEqual((await segmenter.segment(picture)).labels.data, expected.labels.data);
}

describe.each(calls)('a signal of %s', (_, call) => {
  it('that was aborted before keeps it from beginning', async () => {
    const before = await buffersAtRest(small.model);
    const { recorder } = small.model.device;
    const dispatches = recorder.dispatches;
    await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(recorder.dispatches).toBe(dispatches);
    await expectUntouched(before);
  });

  it('ends its wait in the line at once, and nobody else’s', async () => {
    const before = await buffersAtRest(small.model);
    const controller = new AbortController();
    const served: string[] = [];
    const ahead = segmenter.segment(picture).then(() => served.push('ahead'));
    const waiting = call(controller.signal).catch((error: unknown) => (served.push('aborted'), error));
    const behind = segmenter.segment(picture).then(() => served.push('behind'));
    await untilAtWork(small.model.device);
    controller.abort(reason);
    expect(await waiting).toBe(reason);
    await Promise.all([ahead, behind]);
    expect(served).toEqual(['aborted', 'ahead', 'behind']);
    await expectUntouched(before);
  });

  it('ends its wait while it is in work', async () => {
    const before = await buffersAtRest(small.model);
    const controller = new AbortController();
    const pending = call(controller.signal);
    const handled = expect(pending).rejects.toBe(reason);
    await untilAtWork(small.model.device);
    controller.abort(reason);
    await handled;
    await expectUntouched(before);
  });

  it('that is aborted too late changes nothing', async () => {
    const before = await buffersAtRest(small.model);
    const controller = new AbortController();
    const result = await call(controller.signal);
    controller.abort(reason);
    (result as Partial<Segmenter>).close?.();
    await expectUntouched(before);
  });
});

describe('a signal', () => {
  // Many for a word, so that few words fill a batch.
  const templates = Array.from({ length: 200 }, (_, i) => `${i} {}`);

  it('that gives no reason of its own throws an AbortError', async () => {
    const controller = new AbortController();
    const pending = segmenter.segment(picture, { signal: controller.signal });
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('may time out', async () => {
    const words = Array.from({ length: 300 }, () => freshWords());
    const pending = small.model.segmenter(words, { templates, signal: AbortSignal.timeout(20) });
    await expect(pending).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('stops words that are being encoded between two batches', async () => {
    const before = await buffersAtRest(small.model);
    const words = Array.from({ length: 100 }, (_, i) => `word ${i}`);
    const controller = new AbortController();
    const steps: (number | undefined)[] = [];
    const pending = small.model.segmenter(words, {
      templates,
      signal: controller.signal,
      onProgress: ({ status, loaded }) => {
        if (status !== 'progress') return;
        steps.push(loaded);
        controller.abort(reason);
      },
    });
    await expect(pending).rejects.toBe(reason);
    await expectUntouched(before);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toBeLessThan(100);
  });
});

describe('a signal of Model.open', () => {
  /** Opens on the device of the other model, where it can be seen what is left. */
  const open = (signal: AbortSignalLike, onEvent?: (status: string, file: string) => void) =>
    Model.open({
      ...small.options,
      device: small.model.device,
      signal,
      onProgress: ({ status, file }) => onEvent?.(status, file),
    });

  it('that was aborted before keeps it from beginning', async () => {
    const events: string[] = [];
    await expect(open(AbortSignal.abort(reason), (status) => events.push(status))).rejects.toBe(reason);
    expect(events).toEqual([]);
  });

  it.each([
    ['while the checkpoint is looked for', 'initiate checkpoint'],
    ['when it is open', 'done checkpoint'],
    ['while the image tower is uploaded', 'progress image tower'],
    ['when that is done', 'done image tower'],
  ])('ends it %s', async (_, when) => {
    const before = await buffersAtRest(small.model);
    const controller = new AbortController();
    const events: string[] = [];
    const pending = open(controller.signal, (status, file) => {
      events.push(`${status} ${file}`);
      if (events.at(-1) === when) controller.abort(reason);
    });
    await expect(pending).rejects.toBe(reason);
    expect(events.at(-1)).toBe(when);
    expect(events.filter((event) => event === when)).toHaveLength(1);
    await expectUntouched(before);
  });

  it('ends it while the device is looked for, and leaves none open', async () => {
    const controller = new AbortController();
    const { create } = Device;
    const spy = vi.spyOn(Device, 'create').mockImplementation((options) => {
      controller.abort(reason);
      return create.call(Device, options);
    });
    try {
      await expect(Model.open({ ...small.options, signal: controller.signal })).rejects.toBe(reason);
      expect(spy).toHaveBeenCalledOnce();
      const device = await (spy.mock.results[0].value as Promise<Device>);
      expect(() => device.assertUsable()).toThrow('the device was destroyed');
    } finally {
      spy.mockRestore();
    }
  });
});
