import { checkpoints, images } from './damagedFiles.mjs';
import { fullDisk } from './fullDisk.mjs';
import { killedConversion } from './killedConversion.mjs';
import { killedEvaluation } from './killedEvaluation.mjs';
import { killedPull } from './killedPull.mjs';
import { lostDevice } from './lostDevice.mjs';
import { manyImages } from './manyImages.mjs';
import { twoProcesses } from './twoProcesses.mjs';

/**
 * All parts. `round` throws where something is not as it should be, and returns a reason where the part cannot run
 * here; `close` ends what a part keeps between its rounds.
 */
export const PARTS = [
  images,
  checkpoints,
  killedEvaluation,
  killedConversion,
  killedPull,
  manyImages,
  lostDevice,
  fullDisk,
  twoProcesses,
];
