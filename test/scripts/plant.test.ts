import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openCheckpoint } from '../../clip/checkpoint/openCheckpoint.ts';
import { PLANTED_CHECKPOINT, PLANTED_CHECKPOINT_SHA256 } from '../../rfclip/embeddedCheckpoint.ts';
import { plantedDelta } from '../../scripts/plant/plantedDelta.ts';

it('writes the planted checkpoint that ships, byte for byte', async () => {
  const delta = await plantedDelta();
  expect(delta.equals(readFileSync(PLANTED_CHECKPOINT))).toBe(true);
  expect(delta.length).toBeLessThan(20_000);
  const file = openCheckpoint(PLANTED_CHECKPOINT);
  expect(file.sha256()).toBe(PLANTED_CHECKPOINT_SHA256);
  file.close();
}, 300_000);
