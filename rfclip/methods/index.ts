import type { DinoEncoder } from '../../clip/dino/index.ts';
import { RfclipError } from '../../engine/errors.ts';
import type { Linkage } from '../clustering.ts';
import { CASS_DEFAULTS, makeCass } from './cass.ts';
import { clip } from './clip.ts';
import type { DenseMethod } from './denseMethod.ts';
import { makeMaskclip } from './maskclip.ts';
import { makeNaclip } from './naclip.ts';
import { makeRfclip, RFCLIP_DEFAULTS } from './rfclip.ts';
import { makeRfclipPaper, RFCLIP_PAPER_DEFAULTS } from './rfclipPaper.ts';
import { sclip } from './sclip.ts';

export type { DenseFeatures, DenseMethod, Trace } from './denseMethod.ts';
export { makeRfclip, RFCLIP_DEFAULTS, type RfclipOptions } from './rfclip.ts';
export { makeRfclipPaper, RFCLIP_PAPER_DEFAULTS, type RfclipPaperOptions } from './rfclipPaper.ts';
export { makeNaclip, NACLIP_DEFAULTS, type NaclipOptions } from './naclip.ts';
export { CASS_DEFAULTS, type CassOptions, makeCass } from './cass.ts';
export { makeMaskclip } from './maskclip.ts';
export { clip, sclip };

/** Names that `makeMethod` knows, the default first. */
export const METHOD_NAMES = [
  'rfclip',
  'rfclip-refocus',
  'rfclip-paper',
  'cass',
  'naclip',
  'sclip',
  'maskclip',
  'clip',
] as const;

/** A method's name. */
export type MethodName = (typeof METHOD_NAMES)[number];

/** Whether a method needs the checkpoint's distraction dimensions. */
export function needsDistractionDimensions(name: MethodName): boolean {
  return name.startsWith('rfclip');
}

/** Whether a method needs a DINO checkpoint besides CLIP's. */
export function needsDino(name: MethodName): boolean {
  return name === 'cass';
}

/**
 * How a method's published code clusters class words for hierarchical prompts: CASS by Ward's linkage, RF-CLIP by
 * complete.
 */
export function promptLinkage(name: MethodName): Linkage {
  return name === 'cass' ? 'ward' : 'complete';
}

/**
 * A method with its published parameters. `distractionDimensions` is used by the RF-CLIP methods only, `dino` by CASS
 * only.
 * @throws RfclipError (`RFCLIP-NEEDS-DINO`) for CASS without a DINO encoder.
 */
export function makeMethod(
  name: MethodName,
  distractionDimensions: readonly number[] = [],
  parts: { dino?: DinoEncoder } = {},
): DenseMethod {
  switch (name) {
    case 'cass':
      if (parts.dino === undefined) {
        throw new RfclipError('the method cass needs a DINO ViT besides CLIP, and none was given', {
          code: 'RFCLIP-NEEDS-DINO',
          fix: 'give the DINO ViT-B/8 checkpoint with --dino, or use another --method',
          where: 'cass',
        });
      }
      return makeCass({ ...CASS_DEFAULTS, dino: parts.dino });
    case 'rfclip':
      return makeRfclip({ ...RFCLIP_DEFAULTS, distractionDimensions });
    case 'rfclip-refocus':
      return makeRfclip({ ...RFCLIP_DEFAULTS, strategy: 'refocus', distractionDimensions });
    case 'rfclip-paper':
      return makeRfclipPaper({ ...RFCLIP_PAPER_DEFAULTS, distractionDimensions });
    case 'naclip':
      return makeNaclip();
    case 'sclip':
      return sclip;
    case 'maskclip':
      return makeMaskclip();
    case 'clip':
      return clip;
  }
}
