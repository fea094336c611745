import { CASS_DEFAULTS, type DenseMethod, makeCass, promptLinkage } from '../../rfclip/methods/index.ts';
import type { Model } from '../../rfclip/model.ts';
import type { SegmenterOptions } from '../../rfclip/segmenterOptions.ts';
import type { EffectiveConfiguration } from '../configuration.ts';
import { segmenterOptionsOf } from '../../datasets/settings.ts';

/**
 * The method of a configuration on a checkpoint.
 * @throws RfclipError as `Model.method`, or for CASS without a DINO checkpoint
 */
export function methodOf(model: Model, { method, settings }: EffectiveConfiguration): DenseMethod {
  if (method !== 'cass' || model.dino === undefined) return model.method(method);
  return makeCass({ ...CASS_DEFAULTS, dino: model.dino, stretchSpectrum: settings.stretchSpectrum });
}

/** Segmenter options of a configuration. */
export function optionsOf({ method, settings }: EffectiveConfiguration): SegmenterOptions {
  const options = segmenterOptionsOf(settings);
  return options.semantics === undefined
    ? options
    : { ...options, semantics: { ...options.semantics, linkage: promptLinkage(method) } };
}
