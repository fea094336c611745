import { beforeAll, describe, expect, it } from 'vitest';
import { defineMethod, Model, type SegmenterOptions } from '../../index.ts';
import { ClipModel } from '../../rfclip/clipModel.ts';
import { findMethod, makeMaskclip, METHODS, type MethodName, type MethodParts } from '../../rfclip/methods/index.ts';
import { prepareImage } from '../../rfclip/prepareImage.ts';
import { DEFAULT_SETTINGS, type Settings, settingsOf } from '../../rfclip/settings.ts';
import { expectEqual } from '../support/compare.ts';
import { CLIP_ONLY_METHODS } from '../support/methodNames.ts';
import { LIBRARY_CONFIG, QUICK, randomPicture, useSmallModel, WORDS } from '../support/useSmallModel.ts';
import { writeRandomCheckpoint } from '../support/randomCheckpoint.ts';
import { join } from 'node:path';
import { classListOf } from '../../library/classInput.ts';

const small = useSmallModel();
const picture = randomPicture(1);

/** Labels of the pipeline below the library. */
async function labelsOf(name: MethodName, settings: Settings, words = WORDS): Promise<Uint16Array> {
  const clip = ClipModel.open({ device: small.model.device, checkpoint: small.options.checkpoint });
  try {
    const pipeline = await clip.segmenter(classListOf(words), findMethod(name), settings);
    const { labels } = await pipeline.segment(prepareImage(picture, settings.resize), picture.height, picture.width);
    pipeline.dispose();
    return labels;
  } finally {
    clip.close();
  }
}

async function settingsWith(options?: SegmenterOptions): Promise<Readonly<Settings>> {
  using segmenter = await small.model.segmenter(WORDS, options);
  return segmenter.settings;
}

describe('without options', () => {
  it('a segmenter is of the first method', async () => {
    using segmenter = await small.model.segmenter(WORDS);
    expect(segmenter.method).toBe(METHODS[0].name);
    expect(segmenter.settings).toEqual(settingsOf(METHODS[0]));
    expectEqual((await segmenter.segment(picture)).labels.data, await labelsOf('rfclip', settingsOf(METHODS[0])));
  });

  it.each(CLIP_ONLY_METHODS)('settings are those of the method: %s', async (method) => {
    using segmenter = await small.model.segmenter(WORDS, { method });
    expect(segmenter.method).toBe(method);
    expect(segmenter.settings).toEqual({ ...DEFAULT_SETTINGS, ...findMethod(method).defaults });
    const quick = { ...segmenter.settings, ...QUICK } as Settings;
    using quicker = await small.model.segmenter(WORDS, { method, ...QUICK });
    expectEqual((await quicker.segment(picture)).labels.data, await labelsOf(method, quick));
  });
});

describe('options', () => {
  const changes: [SegmenterOptions, Partial<Settings>][] = [
    [{}, {}],
    [{ window: 0 }, { window: 0 }],
    [
      { window: 48, stride: 24, resize: [512, 64] },
      { window: 48, stride: 24, resize: [512, 64] },
    ],
    [{ window: undefined, pamr: undefined, method: undefined }, {}],
    [{ pamr: true }, { pamrSteps: 10 }],
    [
      { pamr: 3, pamrDilations: [1, 2] },
      { pamrSteps: 3, pamrDilations: [1, 2] },
    ],
    [{ pamr: false }, { pamrSteps: 0 }],
    [{ pamr: true, pamrSteps: 2 }, { pamrSteps: 2 }],
    [{ background: 'wall' }, { probabilityThreshold: 0.1 }],
    [{ background: 'wall', probabilityThreshold: 0.3 }, { probabilityThreshold: 0.3 }],
    [
      { areaThreshold: 0.1, logitScale: 100 },
      { areaThreshold: 0.1, logitScale: 100 },
    ],
    [
      { globalWeight: 0, meanVectorWeight: 0 },
      { globalWeight: 0, meanVectorWeight: 0 },
    ],
  ];
  it.each(changes)('%o change %o', async (options, changed) => {
    expect(await settingsWith(options)).toEqual({ ...settingsOf(METHODS[0]), ...changed });
  });

  it('reach the labels', async () => {
    const options = { ...QUICK, window: 32, stride: 16, pamr: 2, pamrDilations: [1, 3], logitScale: 5 };
    using segmenter = await small.model.segmenter(WORDS, options);
    const { pamr, ...others } = options;
    const settings = settingsOf(METHODS[0], { ...others, pamrSteps: pamr });
    expectEqual((await segmenter.segment(picture)).labels.data, await labelsOf('rfclip', settings));
  });

  it('are not kept: the lists among them are the caller’s', async () => {
    const resize: [number, number] = [...QUICK.resize];
    using segmenter = await small.model.segmenter(WORDS, { ...QUICK, resize });
    resize[0] = 16;
    expect(segmenter.settings.resize).toEqual(QUICK.resize);
  });

  it('name a background, which is label 0 and gets what is too uncertain', async () => {
    using segmenter = await small.model.segmenter('cat, dog', {
      ...QUICK,
      background: 'wall',
      probabilityThreshold: 1,
    });
    expect(segmenter.classes.map(({ name }) => name)).toEqual(['wall', 'cat', 'dog']);
    const { classes, confidence } = await segmenter.segment(picture);
    expect(classes).toMatchObject([{ name: 'wall', label: 0, share: 1 }]);
    expect(Math.max(...confidence.data)).toBeLessThan(1);
  });

  it('take a threshold where the first class is meant to be the background', async () => {
    const threshold = { ...QUICK, probabilityThreshold: 1 };
    for (const [words, background, first] of [
      ['background, cat', undefined, 'background'],
      ['rest; Background, cat', undefined, 'rest'],
      ['cat, dog', 'cat', 'cat'],
      ['cat, dog', 'dog', 'dog'],
    ] as const) {
      using segmenter = await small.model.segmenter(words, { ...threshold, background });
      expect((await segmenter.segment(picture)).classes).toMatchObject([{ name: first, label: 0, share: 1 }]);
    }
    expect((await settingsWith({ probabilityThreshold: 0 })).probabilityThreshold).toBe(0);
  });

  it('name prompts, as a list or a set', async () => {
    const { model } = small;
    const labels = async (templates: SegmenterOptions['templates']) => {
      using segmenter = await model.segmenter('cat, dog', { ...QUICK, templates });
      return (await segmenter.segment(picture)).confidence.data;
    };
    const own = await labels(['a {}.', 'the {}!']);
    expectEqual(own, await labels({ name: 'mine', id: 'mine-1', templates: ['a {}.', 'the {}!'] }));
    expect(own).not.toEqual(await labels(undefined));
    await expect(labels([])).rejects.toMatchObject({ code: 'RFCLIP-TEMPLATE' });
    await expect(labels(['a cat'])).rejects.toMatchObject({ code: 'RFCLIP-TEMPLATE' });
  });

  const bad: [string, object, string, RegExp][] = [
    [
      'an unknown one',
      { windw: 3 },
      'RFCLIP-OPTIONS',
      /^segmenter has no option windw, expected one of areaThreshold, /,
    ],
    [
      'a background that is none',
      { background: true },
      'RFCLIP-OPTIONS',
      /^the option background of segmenter is a bool/,
    ],
    [
      'a word for pamr',
      { pamr: 'yes' },
      'RFCLIP-SETTINGS',
      /^the option pamr is "yes", expected true, false or a number/,
    ],
    [
      'one template',
      { templates: 'a {}.' },
      'RFCLIP-TEMPLATE',
      /^the option templates is a string, expected a list of/,
    ],
    [
      'a number as template',
      { templates: [7] },
      'RFCLIP-TEMPLATE',
      /^the option templates has a number in its list, ex/,
    ],
    ['an unknown method', { method: 'magic' }, 'RFCLIP-METHOD', /^there is no method magic, expected one of rfclip, /],
    [
      'a method that is none',
      { method: {} },
      'RFCLIP-METHOD',
      /^the method is an Object, expected one of rfclip, .* or what defineMethod makes$/,
    ],
    [
      'a window that is no number',
      { window: 'big' },
      'RFCLIP-SETTINGS',
      /^the setting window is "big", expected a whole number from 0 to 65536$/,
    ],
    [
      'a stride beyond the window',
      { stride: 300 },
      'RFCLIP-SETTINGS',
      /^the settings have stride 300, which is larger/,
    ],
    ['one side', { resize: 336 }, 'RFCLIP-SETTINGS', /^the setting resize is 336, expected a list of 2, each /],
    [
      'a step of PAMR in part',
      { pamr: 0.5 },
      'RFCLIP-SETTINGS',
      /^the setting pamrSteps is 0\.5, expected a whole number from 0 to 1000$/,
    ],
    [
      'a threshold above 1',
      { probabilityThreshold: 2 },
      'RFCLIP-SETTINGS',
      /^the setting probabilityThreshold is 2, expected a number from 0 to 1$/,
    ],
    [
      'a threshold without a class for what is below it',
      { probabilityThreshold: 0.2 },
      'RFCLIP-SETTINGS',
      /^probabilityThreshold 0\.2 was given without background, so pixels below it would become "cat", the first class; /,
    ],
    [
      'NaN',
      { logitScale: NaN },
      'RFCLIP-SETTINGS',
      /^the setting logitScale is NaN, expected a number above 0, at most 10000$/,
    ],
    ['a method that needs what is not there', { method: 'cass' }, 'RFCLIP-NEEDS-DINO', /^the method cass needs a DINO/],
  ];
  it.each(bad)('that cannot be used are told by name: %s', async (_, options, code, sentence) => {
    const failure = await small.model.segmenter(WORDS, options).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(sentence) });
  });

  it('are told before words are encoded', async () => {
    const path = join(small.folder, 'plain.safetensors');
    using model = await Model.open({ checkpoint: writeRandomCheckpoint(path, LIBRARY_CONFIG) });
    const before = model.device.recorder.dispatches;
    await expect(model.segmenter('a word, that nobody encoded')).rejects.toMatchObject({
      code: 'RFCLIP-NOT-CALIBRATED',
    });
    await expect(model.segmenter('a word', { method: 'cass' })).rejects.toMatchObject({ code: 'RFCLIP-NEEDS-DINO' });
    expect(model.device.recorder.dispatches).toBe(before);
  });
});

describe('a method of the user', () => {
  let made: MethodParts[];
  const own = defineMethod({
    name: 'my-method',
    summary: 'MaskCLIP under another name',
    source: 'a test',
    needs: {},
    family: 'naclip',
    defaults: { window: 40, stride: 20, logitScale: 30 },
    make: (parts) => {
      made.push(parts);
      return makeMaskclip();
    },
  });
  beforeAll(() => {
    made = [];
  });

  it('has its own name and defaults, is made once, with what it is to work with', async () => {
    using segmenter = await small.model.segmenter(WORDS, { method: own, resize: QUICK.resize });
    expect(segmenter.method).toBe('my-method');
    const settings = { ...DEFAULT_SETTINGS, ...own.defaults, resize: QUICK.resize } as Settings;
    expect(segmenter.settings).toEqual(settings);
    expect(made).toEqual([{ distractionDimensions: [3, 17, 29], dino: undefined, settings }]);
    const result = await segmenter.segment(picture);
    expect(result.toJSON().method).toBe('my-method');
    expectEqual(result.labels.data, await labelsOf('maskclip', settings));
  });

  it('may fail, and leaves nothing', async () => {
    const failure = new Error('not today');
    const failing = { ...own, make: () => { throw failure; } }; // prettier-ignore
    await expect(small.model.segmenter(WORDS, { method: failing })).rejects.toBe(failure);
  });
});
