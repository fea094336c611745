import { describe, expect, it } from 'vitest';
import { evaluationSettings } from '../../datasets/publishedSettings.ts';
import { MAXIMUM_PAMR_DILATIONS } from '../../engine/ops/pamr.ts';
import { evaluateAll, useDevice } from '../support/device.ts';
import { findMethod, METHOD_NAMES, METHODS } from '../../rfclip/methods/index.ts';
import { refineMasks } from '../../rfclip/pamr.ts';
import { DEFAULT_SETTINGS, SETTING_LIMITS, settingsOf, SettingsError } from '../../rfclip/settings.ts';

const opened = useDevice();
const rfclip = findMethod('rfclip');

describe('settings', () => {
  it('have a limit for every field, and defaults within it', () => {
    expect(Object.keys(SETTING_LIMITS)).toEqual(Object.keys(DEFAULT_SETTINGS));
    for (const method of METHODS) expect(settingsOf(method, settingsOf(method))).toEqual(settingsOf(method));
  });

  it('of own images are the same to segment, to evaluate and to the library, for every method', () => {
    // An evaluation of one's own folder with CASS once left out the image semantics that segmenting it had.
    for (const method of METHODS) expect(evaluationSettings(method)).toEqual(settingsOf(method));
    for (const name of METHOD_NAMES) {
      const semantics = name === 'cass' || name.startsWith('rfclip');
      expect(settingsOf(findMethod(name))).toMatchObject(
        semantics
          ? { clusterThreshold: 0.1, meanVectorWeight: 0.03, globalWeight: 0.1 }
          : { clusterThreshold: 0, meanVectorWeight: 0, globalWeight: 0 },
      );
    }
  });

  it('are copies: changing one changes no other', () => {
    settingsOf(rfclip).resize[0] = 1;
    settingsOf(rfclip).pamrDilations.push(1);
    expect(settingsOf(rfclip)).toMatchObject({ resize: [2048, 336], pamrDilations: [8, 16] });
  });

  it.each([
    [{ window: 100, stride: 101 }, 'the settings have stride 101, which is larger than window 100, so pixels'],
    [{ logitScale: 0 }, 'the setting logitScale is 0, expected a number above 0, at most 10000'],
    [{ resize: [2048, 15] }, 'the setting resize.1 is 15, expected a whole number from 16 to 65536'],
    [
      { resize: [2048] },
      'the setting resize is a list of 1, expected a list of 2, each a whole number from 16 to 65536',
    ],
    [{ areaThreshold: 3 }, 'the setting areaThreshold is 3, expected a number from 0 to 1, or null'],
    [{ globalPerWindow: 'yes' }, 'the setting globalPerWindow is "yes", expected true or false'],
    [{ pamrDilations: [1.5] }, 'the setting pamrDilations.0 is 1.5, expected a whole number from 1 to 1024'],
    [{ tile: 3 }, 'the object of settings has tile, which does not exist; expected resize, window, stride, '],
  ])('%j are refused', (changes, sentence) => {
    const attempt = () => settingsOf(rfclip, changes as object);
    expect(attempt).toThrow(SettingsError);
    expect(attempt).toThrow(sentence);
  });

  it('allow as many dilations as PAMR takes, and no more', async () => {
    // Nine once passed validation and then failed on every image.
    const pamrDilations = Array.from({ length: MAXIMUM_PAMR_DILATIONS }, (_, i) => i + 1);
    const settings = settingsOf(rfclip, { pamrSteps: 1, pamrDilations });
    const { device } = opened;
    const [refined] = await evaluateAll(device, () =>
      refineMasks(device.zeros([4, 5, 3]), [device.tensor(new Float32Array(20).fill(1), [4, 5, 1])], settings),
    );
    expect(Array.from(refined).every((value) => Math.abs(value - 1) < 1e-6)).toBe(true);
    expect(() => settingsOf(rfclip, { pamrDilations: [...pamrDilations, 9] })).toThrow(
      'the setting pamrDilations is a list of 9, expected a list of 1 to 8, each a whole number from 1 to 1024',
    );
  });
});
