import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Device, scale } from '../../engine/index.ts';
import { Model, type ModelOptions } from '../../library/index.ts';
import { EMBEDDED_CHECKPOINT } from '../../rfclip/clipModel.ts';
import { expectEqual } from '../support/compare.ts';
import { LIBRARY_CONFIG, QUICK, randomPicture, untilAtWork, useSmallModel, WORDS } from '../support/useSmallModel.ts';

const small = useSmallModel();
const picture = randomPicture(1);

let fresh = 0;

/** Every kind of call, on a model of its own. */
async function callsOf(model: Model): Promise<[string, () => Promise<unknown>][]> {
  const segmenter = await model.segmenter(WORDS, QUICK);
  return [
    ['segment', () => segmenter.segment(picture)],
    ['segmentMany', () => segmenter.segmentMany([picture]).next()],
    // Words that no other call has encoded, so that there is something to do.
    ['segmenter', () => model.segmenter('sea', { ...QUICK, templates: [`a {}, number ${++fresh}`] })],
    ['encodeImage', () => model.encodeImage(picture)],
    ['encodeText', () => model.encodeText('a cat')],
    ['classify', () => model.classify(picture, WORDS)],
  ];
}

const closed = { name: 'RfclipError', code: 'RFCLIP-CLOSED', message: 'the model was closed' };

describe('a model', () => {
  it('says what it is', () => {
    const { model } = small;
    expect(model.checkpoint).toBe(small.options.checkpoint);
    expect(model.config).toEqual(LIBRARY_CONFIG);
    expect(model.adapter).toBe(model.device.name);
    expect(model.distractionDimensions).toEqual([3, 17, 29]);
  });

  it('is by default the one that ships', async () => {
    using model = await Model.open();
    expect(model.checkpoint).toBe(EMBEDDED_CHECKPOINT);
  });

  it('takes distraction dimensions and an activation, which it does not keep', async () => {
    const distractionDimensions = [5, 7];
    using model = await Model.open({ ...small.options, distractionDimensions, activation: 'gelu' });
    distractionDimensions[0] = 60;
    expect(model.distractionDimensions).toEqual([5, 7]);
    expect(model.config.activation).toBe('gelu');
  });

  it('can be opened several times at once', async () => {
    const models = await Promise.all([1, 2, 3].map(() => Model.open(small.options)));
    const features = await Promise.all(models.map((model) => model.encodeImage(picture)));
    for (const { data } of features) expectEqual(data, features[0].data);
    for (const model of models) model.close();
  });

  const bad: [string, () => object, RegExp][] = [
    [
      'an unknown option',
      () => ({ chekpoint: 'x' }),
      /^Model.open has no option chekpoint, expected one of activation, /,
    ],
    ['a missing file', () => ({ checkpoint: '/no/such' }), /^checkpoint \/no\/such does not exist/],
    ['a missing DINO', () => ({ dino: '/no/such' }), /^checkpoint \/no\/such does not exist/],
    ['no checkpoint', () => ({ checkpoint: join(small.folder, 'text') }), /text is not a usable/],
    ['a wrong dimension', () => ({ distractionDimensions: [64] }), /64/],
    ['an unknown adapter', () => ({ adapter: 'abacus', device: undefined }), /another adapter|"abacus" was not found/],
  ];
  it.each(bad)('is not opened with %s, and nothing is left', async (_, make) => {
    writeFileSync(join(small.folder, 'text'), 'this is no checkpoint');
    const { device } = small.model;
    const before = device.pool.statistics.liveBuffers;
    const failure = await Model.open({ ...small.options, device, ...make() } as ModelOptions).catch((error) => error);
    expect(failure.message).toMatch(bad.find(([what]) => what === _)![2]);
    expect(failure.code).toMatch(/^RFCLIP-/);
    expect(device.pool.statistics.liveBuffers).toBe(before);
  });
});

describe('closing a model', () => {
  it('ends every call in work, in line and later with one error, and may be done twice', async () => {
    for (const at of ['work', 'line'] as const) {
      for (const which of [0, 1, 2, 3, 4, 5]) {
        const model = await Model.open(small.options);
        const all = await callsOf(model);
        const [name, call] = all[which];
        const ahead = at === 'line' ? model.encodeText('ahead').catch((error: unknown) => error) : undefined;
        const pending = call().catch((error: unknown) => error);
        await untilAtWork(model.device);
        model.close();
        model.close();
        expect(await pending, `${name} in ${at}`).toMatchObject(closed);
        if (ahead !== undefined) expect(await ahead).toMatchObject(closed);
        for (const [later, again] of all) await expect(again(), later).rejects.toMatchObject(closed);
      }
    }
  });

  it('ends a first call, while its kernels are compiled', async () => {
    const model = await Model.open(small.options);
    const pending = model.encodeImage(picture);
    await new Promise((resolve) => setImmediate(resolve));
    model.close();
    await expect(pending).rejects.toMatchObject(closed);
  });

  it('ends a stream, whatever onError says', async () => {
    const model = await Model.open(small.options);
    const segmenter = await model.segmenter(WORDS, QUICK);
    const errors: unknown[] = [];
    const run = async () => {
      for await (const _ of segmenter.segmentMany([picture, picture], { onError: (error) => errors.push(error) }))
        model.close();
    };
    await expect(run()).rejects.toMatchObject(closed);
    expect(errors).toEqual([]);
  });

  it('happens by itself at the end of a block', async () => {
    let outside: Model;
    {
      using model = await Model.open(small.options);
      outside = model;
      await model.encodeImage(picture);
    }
    await expect(outside.encodeImage(picture)).rejects.toMatchObject(closed);
    expect(() => outside.device.assertUsable()).toThrow('the device was destroyed');
  });

  it('leaves results that are there', async () => {
    const model = await Model.open(small.options);
    const result = await (await model.segmenter(WORDS, QUICK)).segment(picture);
    const before = JSON.stringify(result);
    model.close();
    expect(JSON.stringify(result)).toBe(before);
    await result.save(join(small.folder, 'afterwards'));
  });
});

describe('a shared device', () => {
  it('stays open, and gets all its memory back', async () => {
    const device = await Device.create({ debug: '' });
    try {
      void device.placeholder;
      const { liveBytes, liveBuffers } = device.pool.statistics;
      const model = await Model.open({ ...small.options, device });
      expect(model.device).toBe(device);
      for (const [, call] of await callsOf(model)) await call();
      const forgotten = await model.segmenter(WORDS, QUICK);
      await forgotten.segment(picture);
      expect(device.pool.statistics.liveBytes).toBeGreaterThan(liveBytes);
      model.close();
      expect(device.pool.statistics).toMatchObject({ liveBytes, liveBuffers });
      const doubled = device.scope(() => scale(device.tensor([1, 2], [2]), 2));
      expectEqual(await doubled.read(), [2, 4]);
      doubled.dispose();

      using again = await Model.open({ ...small.options, device });
      const result = await (await again.segmenter(WORDS, QUICK)).segment(picture);
      expect(result.classes.length).toBeGreaterThan(0);
    } finally {
      device.destroy();
    }
  });

  it('gets it back also where calls were in work', async () => {
    const device = await Device.create({ debug: '' });
    try {
      void device.placeholder;
      const { liveBytes, liveBuffers } = device.pool.statistics;
      for (const which of [0, 1, 2, 3, 4, 5]) {
        const model = await Model.open({ ...small.options, device });
        const [name, call] = (await callsOf(model))[which];
        const pending = call().catch((error: unknown) => error);
        await untilAtWork(device);
        model.close();
        expect(await pending, name).toMatchObject(closed);
        expect(device.pool.statistics, name).toMatchObject({ liveBytes, liveBuffers });
        device.assertUsable();
      }
    } finally {
      device.destroy();
    }
  });

  it('serves two models side by side', async () => {
    const device = await Device.create({ debug: '' });
    try {
      const models = await Promise.all([1, 2].map(() => Model.open({ ...small.options, device })));
      const segmenters = await Promise.all(models.map((model) => model.segmenter(WORDS, QUICK)));
      const [one, two] = await Promise.all(segmenters.map((segmenter) => segmenter.segment(picture)));
      expectEqual(one.labels.data, two.labels.data);
      models[0].close();
      expectEqual((await segmenters[1].segment(picture)).labels.data, one.labels.data);
      models[1].close();
    } finally {
      device.destroy();
    }
  });
});

describe('a device that is lost', () => {
  const lost = { name: 'DeviceError', code: 'RFCLIP-DEVICE-LOST', message: expect.stringMatching(/ failed: the device was lost/) }; // prettier-ignore

  /** On a device that nobody replaces: that of the caller. */
  const openOnOwn = async () => Model.open({ ...small.options, device: await Device.create({ debug: '' }) });

  it('is told by one clear error, in work, in line and later; a stream ends; another model opens', async () => {
    const before = await (await small.model.segmenter(WORDS, QUICK)).segment(picture);
    for (const which of [0, 1, 2, 3, 4, 5]) {
      const model = await openOnOwn();
      const all = await callsOf(model);
      const pending = [all[which][1](), all[0][1]()].map((call) => call.catch((error: unknown) => error));
      await untilAtWork(model.device);
      model.device.gpu.destroy();
      for (const failure of await Promise.all(pending)) expect(failure, all[which][0]).toMatchObject(lost);
      for (const [later, again] of all) await expect(again(), later).rejects.toMatchObject(lost);
      await expect(model.segmenter(WORDS, QUICK)).rejects.toMatchObject(lost);
      model.close();
      await expect(all[0][1]()).rejects.toMatchObject(closed);
    }
    using model = await Model.open(small.options);
    const after = await (await model.segmenter(WORDS, QUICK)).segment(picture);
    expectEqual(after.labels.data, before.labels.data);
  });

  it('ends a stream, whatever onError says', async () => {
    using model = await openOnOwn();
    const segmenter = await model.segmenter(WORDS, QUICK);
    const errors: unknown[] = [];
    let count = 0;
    const run = async () => {
      const onError = (error: unknown) => errors.push(error);
      for await (const _ of segmenter.segmentMany([picture, picture, picture], { onError })) {
        if (++count === 2) model.device.gpu.destroy();
      }
    };
    await expect(run()).rejects.toMatchObject(lost);
    expect(count).toBe(2);
    expect(errors).toEqual([]);
  });
});
