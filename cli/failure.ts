import { RfclipError } from '../engine/errors.ts';
import { TokenizerError } from '../tokenizer/index.ts';
import { ClassListError } from '../rfclip/classes.ts';
import { GIVEN_DIMENSIONS } from '../rfclip/distractionDimensions.ts';

/** Codes and places of errors that library code throws about what the user typed. */
const USAGE_CODES = [
  'RFCLIP-USAGE',
  'RFCLIP-DEBUG',
  'RFCLIP-ADAPTER-CLASS',
  'RFCLIP-METHOD',
  'RFCLIP-WINDOW',
  'RFCLIP-CALIBRATE',
  'RFCLIP-NEEDS-DINO',
  'RFCLIP-NOT-CALIBRATED',
];
const USAGE_PLACES = ['--adapter', '--precision', '--only', '--matmul', GIVEN_DIMENSIONS];

/**
 * Exit code of a command over several images: 3 where it is done but some of them failed, so that scripts can tell this
 * from a command that came to nothing, which is 1.
 * @param failed how many failed
 * @param done how many did not
 */
export function exitCodeOfImages(failed: number, done: number): 0 | 1 | 3 {
  if (failed === 0) return 0;
  return done > 0 ? 3 : 1;
}

/**
 * Exit code of a failure: 2 where the command line is at fault; 1 for everything else, also for files that are missing
 * or damaged and for checkpoints that were not pulled.
 */
export function exitCodeOf(error: unknown): 1 | 2 {
  if (error instanceof ClassListError || error instanceof TokenizerError) return 2;
  if (error instanceof RfclipError && (USAGE_CODES.includes(error.code) || USAGE_PLACES.includes(error.where ?? '')))
    return 2;
  return 1;
}
