import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../library/checkOptions.ts';
import { MODEL_OPTIONS } from '../../library/modelOptions.ts';
import { SEGMENTER_OPTIONS } from '../../library/segmenterOptions.ts';
import { DEFAULT_SETTINGS } from '../../rfclip/settings.ts';

describe('options', () => {
  it('are all known, settings among them', () => {
    checkOptions({}, MODEL_OPTIONS, 'open');
    checkOptions({ checkpoint: undefined, cacheText: false }, MODEL_OPTIONS, 'open');
    checkOptions({ ...DEFAULT_SETTINGS, pamr: true }, SEGMENTER_OPTIONS, 'segmenter');
  });

  it('of which signal is an AbortSignal', () => {
    checkOptions({ signal: AbortSignal.timeout(1) }, MODEL_OPTIONS, 'Model.open');
    checkOptions({ signal: undefined }, MODEL_OPTIONS, 'Model.open');
    for (const [signal, type] of [
      [5, 'number'],
      [null, 'null'],
      [new AbortController(), 'object'],
    ] as const) {
      expect(() => checkOptions({ signal: signal as never }, MODEL_OPTIONS, 'Model.open')).toThrow(
        expect.objectContaining({
          code: 'RFCLIP-OPTIONS',
          where: 'signal',
          message: `the option signal of Model.open is of type ${type}, expected an AbortSignal`,
        }),
      );
    }
  });

  it('that do not exist are told by name, also those that every object has', () => {
    for (const name of ['chekpoint', 'toString', '__proto_']) {
      expect(() => checkOptions({ [name]: 1 }, MODEL_OPTIONS as never, 'Model.open')).toThrow(
        expect.objectContaining({
          code: 'RFCLIP-OPTIONS',
          message:
            `Model.open has no option ${name}, expected one of activation, adapter, adapterClass, cacheText, ` +
            'checkpoint, device, dino, dinoPrefix, distractionDimensions, localFilesOnly, onProgress, precision, ' +
            'prefix, profile, reopenDevice, signal',
        }),
      );
    }
  });

  it('of another kind are told with what was found', () => {
    const wrong: [object, string, string][] = [
      [{ onProgress: 3 }, 'onProgress', 'a number, expected a function'],
      [{ localFilesOnly: 'false' }, 'localFilesOnly', '"false", expected true or false'],
      [{ adapter: /NVIDIA/ }, 'adapter', 'a RegExp, expected a text'],
    ];
    for (const [options, where, rest] of wrong) {
      expect(() => checkOptions(options, MODEL_OPTIONS, 'Model.open')).toThrow(
        expect.objectContaining({
          code: 'RFCLIP-OPTIONS',
          where,
          message: `the option ${where} of Model.open is ${rest}`,
        }),
      );
    }
    checkOptions({ onProgress: null as never, cacheText: undefined }, MODEL_OPTIONS, 'Model.open');
  });

  it('are an object', () => {
    const wrong: [unknown, string][] = [
      [null, 'null'],
      [3, 'a number'],
      ['naclip', 'a string'],
      [['pamr'], 'an Array'],
    ];
    for (const [options, found] of wrong) {
      expect(() => checkOptions(options as object, MODEL_OPTIONS, 'Model.open')).toThrow(
        `Model.open was given ${found} for its options, expected an object`,
      );
    }
  });
});
