import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { effectiveConfiguration, parseConfiguration, readConfigurationFile } from '../../evaluation/configuration.ts';
import { planEvaluation } from '../../evaluation/plan.ts';
import { formatConfiguration, resolvedConfiguration } from '../../evaluation/resolvedConfiguration.ts';
import { WHOLE } from '../../evaluation/run/shard.ts';
import { copyScenes, SCENES } from '../support/sampleRuns.ts';

describe('effectiveConfiguration', () => {
  it('applies the file in general, the file for the data set, and flags, in this order', () => {
    const file = parseConfiguration(
      'settings: { logitScale: 50, stride: 100, pamrSteps: 3 }\nbenchmarks:\n  VOC_21: { stride: 90, pamrSteps: 4 ' +
        '}\n  ade20k: { stride: 1 }\n',
      'c.yaml',
    );
    const { dataSet, method, settings } = effectiveConfiguration({
      dataSet: 'voc21',
      method: 'rfclip',
      file,
      flags: { pamrSteps: 5, window: undefined },
    });
    expect([dataSet, method]).toEqual(['voc21', 'rfclip']);
    expect(settings).toMatchObject({ logitScale: 50, stride: 90, pamrSteps: 5, window: 0, probabilityThreshold: 0.1 });
    expect(JSON.parse(JSON.stringify(settings))).toEqual(settings);
  });

  it('reads JSON as well, and an empty file changes nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rfclip-configuration-'));
    try {
      writeFileSync(join(folder, 'c.json'), '{"settings": {"resize": [2048, 448]}}');
      const file = readConfigurationFile(join(folder, 'c.json'));
      expect(effectiveConfiguration({ dataSet: 'sample', method: 'clip', file }).settings.resize).toEqual([2048, 448]);
      expect(() => readConfigurationFile(join(folder, 'none.json'))).toThrow(/none\.json does not exist/);
      writeFileSync(join(folder, 'u.yaml'), Buffer.from('\uFEFFsettings: { pamrSteps: 10 }\r\n', 'utf16le'));
      expect(readConfigurationFile(join(folder, 'u.yaml')).settings).toEqual({ pamrSteps: 10 });
      writeFileSync(join(folder, 'l.yaml'), Buffer.from('data:\n  voc21: /f\u00E4hre\n', 'latin1'));
      expect(() => readConfigurationFile(join(folder, 'l.yaml'))).toThrow(
        /the configuration file .*l\.yaml is no text in UTF-8 or UTF-16: line 2 has the byte 0xe4, number 18 /,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(parseConfiguration('', 'c.yaml')).toEqual({ settings: {}, benchmarks: {}, data: {} });
    expect(parseConfiguration('data: { VOC2012: /data/voc }', 'c.yaml').data).toEqual({ voc21: '/data/voc' });
  });

  it.each([
    [
      'an unknown key',
      'settings: { windows: 3 }',
      /^c\.yaml, settings has windows, which does not exist; expected resize, window, .* or stretchSpectrum$/,
    ],
    [
      'a misspelt part',
      'setting: {}',
      /^c\.yaml has setting, which does not exist; expected settings, benchmarks, data, dataSet, method, .* or json$/,
    ],
    ['an unknown data set', 'benchmarks: { voc22: {} }', /voc22, which is no data set; expected one of voc21/],
    ['a folder of an unknown data set', 'data: { voc22: /data }', /a folder for voc22, which is no data set/],
    ['a folder that is none', 'data: { voc21: 3 }', /^c\.yaml, data\.voc21 is 3, expected a text that is not empty$/],
    [
      'a value out of range',
      'settings: { probabilityThreshold: 1.5 }',
      /^c\.yaml, settings\.probabilityThreshold is 1\.5, expected a number from 0 to 1$/,
    ],
    [
      'text for a number',
      'settings: { window: large }',
      /^c\.yaml, settings\.window is "large", expected a whole number from 0 to 65536$/,
    ],
    ['a fraction for pixels', 'settings: { window: 1.5 }', /settings\.window/],
    ['no YAML', 'settings: [', /c\.yaml is neither JSON nor YAML/],
    ['a list', '- 1', /^c\.yaml is a list of 1, expected an object with settings, benchmarks, data, .* or json$/],
    [
      'settings that are none',
      'benchmarks: { voc21: 3 }',
      /^c\.yaml, benchmarks\.voc21 is 3, expected an object with resize, /,
    ],
    ['an alias bomb', 'a: &a [1,1]\nb: &b [*a,*a]\nc: [*b,*b]', /c\.yaml is neither JSON nor YAML/],
  ])('refuses a file with %s', (_, text, message) => {
    expect(() => parseConfiguration(text, 'c.yaml')).toThrow(message);
  });

  it('refuses flags out of range and steps that leave gaps', () => {
    expect(() => effectiveConfiguration({ dataSet: 'voc21', method: 'rfclip', flags: { logitScale: -1 } })).toThrow(
      /the command line, logitScale is -1, expected a number above 0, at most 10000/,
    );
    expect(() => effectiveConfiguration({ dataSet: 'voc20', method: 'rfclip', flags: { stride: 225 } })).toThrow(
      /stride 225, which is larger than window 224/,
    );
  });
});

describe('what else a file says', () => {
  it('is all that the flags say, with paths relative to the file', () => {
    const text = [
      'dataSet: folder',
      'data: ../sets/mine',
      'method: ./methods/mine.mjs',
      'checkpoint: ViT-B/16',
      'dino: dino.pth',
      'split: train',
      'images: lists/few.txt',
      'classes: [cat, "dog, puppy"]',
      'labelMap: { 255: 1 }',
      'imageFolder: images',
      'out: ~/runs/a',
      'limit: 3',
      'textCache: false',
    ];
    const { run, data, dataFolder } = parseConfiguration(text.join('\n'), 'c.yaml', '/home/x/runs');
    expect([data, dataFolder]).toEqual([{}, '/home/x/sets/mine']);
    expect(run).toEqual({
      dataSet: 'folder',
      method: '/home/x/runs/methods/mine.mjs',
      checkpoint: 'ViT-B/16',
      dino: '/home/x/runs/dino.pth',
      split: 'train',
      images: '/home/x/runs/lists/few.txt',
      classes: ['cat', 'dog, puppy'],
      labelMap: { 255: 1 },
      imageFolder: 'images',
      out: join(homedir(), 'runs/a'),
      limit: 3,
      textCache: false,
    });
  });

  it('is the same again when it was printed, also for a split that lies inside the data folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rfclip-configuration-'));
    try {
      const data = join(folder, 'set');
      copyScenes(data, SCENES.slice(0, 3));
      mkdirSync(join(data, 'lists'));
      writeFileSync(join(data, 'lists/one.txt'), `${SCENES[1]}\n`);
      const printed = (split: string) =>
        formatConfiguration(
          resolvedConfiguration({ name: 'folder', data, options: { split }, method: 'clip', settings: {} }),
        );
      for (const split of ['lists/one.txt', join(data, 'lists/one.txt')]) {
        const configuration = parseConfiguration(printed(split), 'c.yaml', join(folder, 'elsewhere'));
        const { run } = configuration;
        const again = { name: 'folder', configuration, layout: { split: run?.split }, method: 'clip' } as const;
        const { dataSets } = planEvaluation({ ...again, out: 'out', shard: WHOLE });
        expect(dataSets[0].selection.pairs.map(({ id }) => id)).toEqual([SCENES[1]]);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['setings: {}', 'settings'],
    ['chekpoint: a', 'checkpoint'],
    ['image-folder: a', 'imageFolder'],
    ['save_predictions: a', 'savePredictions'],
    ['pamrSteps: 10', 'settings.pamrSteps'],
    ['pamr: true', 'settings.pamrSteps'],
    ['dataset: voc21', 'dataSet'],
    ['settings: { windows: 224 }', 'window'],
    ['benchmarks: { voc21: { logitscale: 1 } }', 'logitScale'],
  ])('%s is refused with the nearest key', (text, nearest) => {
    expect(() => parseConfiguration(text, 'c.yaml')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('which does not exist'),
        fix: `the nearest key is ${nearest}`,
      }),
    );
  });

  it.each([
    ['zebra: 1', /has zebra, which does not exist/],
    ['limit: 0', /^c\.yaml, limit is 0, expected a whole number from 1 to/],
    ['activation: relu', /^c\.yaml, activation is "relu", expected one of quickGelu, gelu$/],
    ['resume: "yes"', /^c\.yaml, resume is "yes", expected true or false$/],
    ['labelMap: { 255: 300 }', /labelMap\.255 is 300, expected a whole number from 0 to 255$/],
    ['classes: []', /^c\.yaml, classes is an empty list, expected a text/],
    ['data: 3', /^c\.yaml, data is 3, expected an object/],
  ])('%s is refused', (text, message) => {
    expect(() => parseConfiguration(text, 'c.yaml')).toThrow(message);
  });
});
