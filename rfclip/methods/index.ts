import { RfclipError } from '../../engine/errors.ts';
import { cass } from './cass.ts';
import { clip } from './clip.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { maskclip } from './maskclip.ts';
import type { Method, MethodParts } from './method.ts';
import { naclip } from './naclip.ts';
import { rfclip, rfclipRefocus } from './rfclip.ts';
import { rfclipPaper } from './rfclipPaper.ts';
import { sclip } from './sclip.ts';

export type { DenseEncoder, DenseFeatures, Trace } from './denseEncoder.ts';
export { defineMethod, type Method, type MethodParts, type PublishedFamily } from './method.ts';
export { makeRfclip, RFCLIP_DEFAULTS, type RfclipOptions } from './rfclip.ts';
export { makeRfclipPaper, RFCLIP_PAPER_DEFAULTS, type RfclipPaperOptions } from './rfclipPaper.ts';
export { makeNaclip, NACLIP_DEFAULTS, type NaclipOptions } from './naclip.ts';
export { CASS_DEFAULTS, type CassOptions, makeCass } from './cass.ts';
export { plainClip } from './clip.ts';
export { lastClassAsTrained, runEarlierBlocks } from './asTrained.ts';
export { type LastBlockChange, lastBlockEncoder } from './lastBlock.ts';
export { makeMaskclip } from './maskclip.ts';
export { makeSclip } from './sclip.ts';

/** Every method, in the order of tables; the first is the default. */
export const METHODS = [
  rfclip,
  rfclipRefocus,
  rfclipPaper,
  cass,
  naclip,
  sclip,
  maskclip,
  clip,
] as const satisfies readonly Method[];

/** A method's name. */
export type MethodName = (typeof METHODS)[number]['name'];

/** Their names. */
export const METHOD_NAMES: readonly MethodName[] = METHODS.map(({ name }) => name);

/** The method of a name. @throws RfclipError (`RFCLIP-METHOD`) when there is none. */
export function findMethod(name: string): Method<MethodName> {
  const found = METHODS.find((method) => method.name === name);
  if (found === undefined) {
    throw new RfclipError(`there is no method ${name}, expected one of ${METHOD_NAMES.join(', ')}`, {
      code: 'RFCLIP-METHOD',
      where: 'method',
    });
  }
  return found;
}

/**
 * Makes a method out of what a checkpoint and its user provide.
 * @throws RfclipError (`RFCLIP-NEEDS-DINO`) when it needs a second image tower and none was given.
 */
export function makeMethod(method: Method, parts: MethodParts): DenseEncoder {
  if (method.needs.dino === true && parts.dino === undefined) {
    throw new RfclipError(`the method ${method.name} needs a DINO ViT besides CLIP, and none was given`, {
      code: 'RFCLIP-NEEDS-DINO',
      fix: 'give the DINO ViT-B/8 checkpoint, with --dino or the option dino, or use another method',
      where: method.name,
    });
  }
  return method.make(parts);
}
