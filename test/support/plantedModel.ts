import { join } from 'node:path';
import type { ClipConfig } from '../../clip/config.ts';
import { randomWeights } from './randomCheckpoint.ts';
import { writeSafetensors } from './safetensorsWriter.ts';
import { LIBRARY_CONFIG } from './useSmallModel.ts';

/** Three layers of two heads. */
const CONFIG: ClipConfig = {
  ...LIBRARY_CONFIG,
  vision: { ...LIBRARY_CONFIG.vision, width: 128, layers: 3, heads: 2, grid: 4 },
};

/** A dimension that stands out at these positions of the grid, CLS being 0. */
const DIMENSION = 17;
const POSITIONS = [3, 9];

/**
 * Writes a CLIP of random weights, in which patches at two positions have distraction tokens: their positional
 * embedding is large in one of the distraction dimensions.
 */
export function writePlantedCheckpoint(folder: string): string {
  const weights = randomWeights(CONFIG);
  const { data } = weights['visual.positional_embedding'];
  for (const row of POSITIONS) data[row * CONFIG.vision.width + DIMENSION] = 30;
  return writeSafetensors(join(folder, 'planted.safetensors'), weights, {
    distraction_dimensions: `[3, ${DIMENSION}, 29]`,
  });
}
