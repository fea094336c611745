import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Segmenter } from '../../library/segmenter.ts';
import { Turns } from '../../library/turns.ts';
import { parseClassList } from '../../rfclip/classes.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { findMethod } from '../../rfclip/methods/index.ts';
import { SegmentationPipeline } from '../../rfclip/segmentationPipeline.ts';
import { settingsOf } from '../../rfclip/settings.ts';
import { expectEqual } from '../support/compare.ts';
import { QUICK, useSmallModel } from '../support/useSmallModel.ts';

const small = useSmallModel();

const pictures = Array.from({ length: 5 }, (_, i) => ({
  width: 61 + i,
  height: 45,
  data: Uint8Array.from({ length: (61 + i) * 45 * 3 }, (_v, j) => (j * (7 + i)) % 256),
}));

/** A segmenter of a model of its own, with some images on their way, of which some may share a program. */
function useSegmenter(inFlight: number, imagesTogether: number): { readonly segmenter: Segmenter } {
  let model: ClipModel;
  let segmenter: Segmenter | undefined;
  beforeAll(async () => {
    const { device } = small.model;
    model = ClipModel.open({ device, checkpoint: join(small.folder, 'small.safetensors'), cacheText: false });
    const classes = parseClassList('cat, grass, sky');
    const method = findMethod('rfclip');
    const settings = settingsOf(method, QUICK);
    const words = await model.encodeWords(classes.queries);
    const pipeline = new SegmentationPipeline({
      encoder: model.imageEncoder,
      method: model.denseEncoder(method, settings),
      textFeatures: words,
      classes,
      settings,
      imagesTogether,
    });
    segmenter = new Segmenter({
      name: 'small',
      model,
      turns: new Turns(inFlight * imagesTogether),
      inFlight,
      pipeline,
      classes,
      words,
      method: method.name,
      settings,
      changes: {},
      release: () => pipeline.dispose(),
    });
  });
  afterAll(async () => {
    segmenter?.close();
    await new Promise((resolve) => setImmediate(resolve));
    model.close();
  });
  return {
    get segmenter() {
      return segmenter!;
    },
  };
}

describe('segmentMany with two images on the device', () => {
  const opened = useSegmenter(2, 1);

  it('gives the results of one at a time, in order, and leaves nothing alive', async () => {
    const { segmenter } = opened;
    const alone = [];
    for (const picture of pictures) alone.push(await segmenter.segment(picture));
    const { liveBuffers } = small.model.device.pool.statistics;
    const names: string[] = [];
    for await (const result of segmenter.segmentMany(pictures)) {
      expectEqual(result.labels.data, alone[names.length].labels.data);
      names.push(result.name);
    }
    expect(names).toEqual(pictures.map((_, i) => `image ${i + 1}`));
    expect(small.model.device.pool.statistics.liveBuffers).toBe(liveBuffers);
  });

  it('records an image before the one before it has ended', async () => {
    const { segmenter } = opened;
    const { recorder } = small.model.device;
    const alone = recorder.dispatches;
    await segmenter.segment(pictures[0]);
    const perImage = recorder.dispatches - alone;
    const start = recorder.dispatches;
    let results = 0;
    let ahead = 0;
    const source = Array.from({ length: 10 }, () => pictures[0]);
    for await (const { name } of segmenter.segmentMany(source)) {
      expect(name).toBe(`image ${++results}`);
      ahead = Math.max(ahead, (recorder.dispatches - start) / perImage - results);
    }
    // A machine under load may now and then see an image end before it gets to the next.
    expect(ahead).toBe(1);
  });

  it('hands a failing image over in its place, and goes on', async () => {
    const { segmenter } = opened;
    const log: string[] = [];
    const mixed = [pictures[0], '/no/such/file.png', pictures[1], pictures[2]];
    const onError = () => log.push('failed');
    for await (const { name } of segmenter.segmentMany(mixed, { onError })) log.push(name);
    expect(log).toEqual(['image 1', 'failed', 'image 3', 'image 4']);
    await expect(async () => {
      for await (const { name } of segmenter.segmentMany(mixed)) log.push(name);
    }).rejects.toThrow('/no/such/file.png does not exist');
    expect(log.at(-1)).toBe('image 1');
  });
});

describe('segmentMany with images that go together', () => {
  const same = pictures.map(({ data }) => ({ width: 61, height: 45, data: data.slice(0, 3 * 61 * 45) }));
  const opened = useSegmenter(3, 2);

  it('gives the results of one at a time, in order, too', async () => {
    const { segmenter } = opened;
    const { pool } = small.model.device;
    const alone = [];
    for (const picture of same) alone.push(await segmenter.segment(picture));
    const { liveBuffers } = pool.statistics;
    const names: string[] = [];
    for await (const result of segmenter.segmentMany(same)) {
      expectEqual(result.labels.data, alone[names.length].labels.data);
      names.push(result.name);
    }
    expect(names).toEqual(same.map((_, i) => `image ${i + 1}`));
    expect(pool.statistics.liveBuffers).toBe(liveBuffers);
  });

  it('hands a failing image over in its place, and leaves nothing behind when it is aborted', async () => {
    const { segmenter } = opened;
    const log: string[] = [];
    const mixed = [same[0], same[1], '/no/such/file.png', same[2], same[3]];
    for await (const { name } of segmenter.segmentMany(mixed, { onError: () => log.push('failed') })) log.push(name);
    expect(log).toEqual(['image 1', 'image 2', 'failed', 'image 4', 'image 5']);
    const stop = new AbortController();
    await expect(async () => {
      for await (const { name } of segmenter.segmentMany([...same, ...same], { signal: stop.signal })) {
        log.push(name);
        stop.abort(new Error('enough'));
      }
    }).rejects.toThrow('enough');
    expect(log.slice(5)).toEqual(['image 1']);
    // Those behind wait for what had begun.
    expect((await segmenter.segment(same[0])).labels.data).toHaveLength(61 * 45);
  });
});

describe('Turns with two places', () => {
  it('lets two pieces of shared work run beside each other, and none beside exclusive work', async () => {
    const turns = new Turns(2);
    const log: string[] = [];
    const ends: (() => void)[] = [];
    const work = (name: string) => () => {
      log.push(`${name} begins`);
      return new Promise<void>((resolve) => {
        ends.push(() => {
          log.push(`${name} ends`);
          resolve();
        });
      });
    };
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const all = [
      turns.takeShared(work('a')),
      turns.takeShared(work('b')),
      turns.takeShared(work('c')),
      turns.take(work('d')),
      turns.takeShared(work('e')),
    ];
    await settle();
    expect(log.splice(0)).toEqual(['a begins', 'b begins']);
    ends[1]();
    await settle();
    // c comes third, and waits for the first.
    expect(log.splice(0)).toEqual(['b ends']);
    ends[0]();
    await settle();
    expect(log.splice(0)).toEqual(['a ends', 'c begins']);
    ends[2]();
    await settle();
    expect(log.splice(0)).toEqual(['c ends', 'd begins']);
    ends[3]();
    await settle();
    expect(log.splice(0)).toEqual(['d ends', 'e begins']);
    ends[4]();
    await Promise.all(all);
  });
});
