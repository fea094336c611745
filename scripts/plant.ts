/**
 * Writes `clip/weights/planted.safetensors`, what the planted checkpoint changes in the embedded one:
 * `npx tsx scripts/plant.ts`. With `--check` nothing is written; it fails where the file would change. The same bytes
 * come out on every machine: nothing is random, and nothing runs on a GPU. `scripts/plant/plant.ts` says what is done.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { PLANTED_CHECKPOINT } from '../rfclip/embeddedCheckpoint.ts';
import { plantedDelta } from './plant/plantedDelta.ts';

const delta = await plantedDelta();
const isThere = existsSync(PLANTED_CHECKPOINT) && readFileSync(PLANTED_CHECKPOINT).equals(delta);
if (isThere) console.log(`unchanged: ${PLANTED_CHECKPOINT}`);
else if (process.argv[2] === '--check') {
  console.error(`${PLANTED_CHECKPOINT} is not what this script writes`);
  process.exitCode = 1;
} else {
  writeFileSync(PLANTED_CHECKPOINT, delta);
  console.log(`written: ${PLANTED_CHECKPOINT} (${delta.length} bytes)`);
}
