import { describe, expect, it } from 'vitest';
import { Model, type ProgressEvent } from '../../library/index.ts';
import { Stage } from '../../library/progress.ts';
import { QUICK, randomPicture, useFolder, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();

/** `status file` of every event, with one entry for a run of progress. */
function outline(events: readonly ProgressEvent[]): string[] {
  const lines = events.map(({ status, file }) => `${status} ${file}`);
  return lines.filter((line, i) => line !== lines[i - 1]);
}

/** Fails unless the percents of a file rise to 100, one event for a whole percent at most. */
function expectRising(events: readonly ProgressEvent[], file: string): void {
  const steps = events.filter((event) => event.file === file && event.status === 'progress');
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.at(-1)).toMatchObject({ progress: 100, loaded: steps[0].total, total: steps[0].total });
  const percents = steps.map(({ progress }) => Math.floor(progress!));
  expect(percents).toEqual([...new Set(percents)].sort((a, b) => a - b));
  for (const { loaded, total, progress } of steps) expect(progress).toBe((100 * loaded!) / total!);
}

function listen(): { events: ProgressEvent[]; onProgress: (event: ProgressEvent) => void } {
  const events: ProgressEvent[] = [];
  return { events, onProgress: (event) => events.push(event) };
}

describe('opening a model', () => {
  it('tells what is read, uploaded, and that it is ready', async () => {
    const { events, onProgress } = listen();
    using _ = await Model.open({ ...small.options, onProgress });
    expect(outline(events)).toEqual([
      'initiate checkpoint',
      'done checkpoint',
      'initiate image tower',
      'progress image tower',
      'done image tower',
      'ready checkpoint',
    ]);
    expectRising(events, 'image tower');
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set([small.options.checkpoint]));
  });

  it('calls the checkpoint that ships by its name', async () => {
    const { events, onProgress } = listen();
    using _ = await Model.open({ onProgress });
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['microclip']));
    expectRising(events, 'image tower');
    // Bytes on the device: those of all buffers but the text tower, which is not there yet.
    expect(events.find(({ total }) => total !== undefined)!.total).toBeGreaterThan(1e6);
  });

  it('ends with what a callback throws, and closes what was opened', async () => {
    const before = small.model.device.pool.statistics.liveBuffers;
    for (const when of ['initiate', 'progress', 'done', 'ready']) {
      const own = new Error(when);
      const onProgress = ({ status }: ProgressEvent) => {
        if (status === when) throw own;
      };
      const options = { ...small.options, device: small.model.device, onProgress };
      await expect(Model.open(options)).rejects.toBe(own);
      expect(small.model.device.pool.statistics.liveBuffers, when).toBe(before);
    }
  });
});

describe('words', () => {
  const folder = useFolder();

  it('are told of while they are encoded, the text tower before them, the second time neither', async () => {
    process.env.RFCLIP_CACHE_DIR = folder.path;
    using model = await Model.open(small.options);
    const first = listen();
    (await model.segmenter(WORDS, { ...QUICK, onProgress: first.onProgress })).close();
    expect(outline(first.events)).toEqual([
      'initiate text features',
      'initiate text tower',
      'progress text tower',
      'done text tower',
      'progress text features',
      'done text features',
    ]);
    expectRising(first.events, 'text tower');
    expectRising(first.events, 'text features');
    const cached = ['initiate text features', 'progress text features', 'done text features'];
    const second = listen();
    (await model.segmenter(WORDS, { ...QUICK, onProgress: second.onProgress })).close();
    expect(outline(second.events)).toEqual(cached);
    expectRising(second.events, 'text features');
    const third = listen();
    await model.classify(randomPicture(1), WORDS, { onProgress: third.onProgress });
    expect(third.events).toEqual(second.events);
  });

  it('rise to 100 percent in as many steps as there are batches', async () => {
    const { events, onProgress } = listen();
    const templates = Array.from({ length: 200 }, (_, i) => `${i} {}`);
    const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
    (await small.model.segmenter(words, { templates, onProgress })).close();
    expectRising(events, 'text features');
    expect(
      events.filter(({ status, file }) => status === 'progress' && file === 'text features').length,
    ).toBeGreaterThan(2);
  });

  it('end with what a callback throws, and the model goes on', async () => {
    const own = new Error('no more');
    for (const when of ['initiate', 'progress', 'done']) {
      const onProgress = ({ status }: ProgressEvent) => {
        if (status === when) throw own;
      };
      await expect(small.model.segmenter('something new', { ...QUICK, onProgress })).rejects.toBe(own);
    }
    (await small.model.segmenter('something new', QUICK)).close();
  });
});

describe('a stage', () => {
  it('tells once for every whole percent, never less than before, and the end once', () => {
    const { events, onProgress } = listen();
    const stage = new Stage(onProgress, 'model', 'file');
    for (let loaded = 0; loaded <= 4000; loaded++) stage.advance(loaded, 4000);
    expect(events).toHaveLength(101);
    expectRising(events, 'file');
    stage.advance(4000, 4000);
    stage.advance(10, 4000);
    expect(events).toHaveLength(101);
  });

  it('tells every step where nobody knows how many there are', () => {
    const { events, onProgress } = listen();
    const stage = new Stage(onProgress, 'model', 'file');
    for (const loaded of [1, 2, 3]) stage.advance(loaded, undefined);
    expect(events).toEqual([1, 2, 3].map((loaded) => ({ status: 'progress', name: 'model', file: 'file', loaded })));
  });
});
