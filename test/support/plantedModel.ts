import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClipConfig } from '../../clip/config.ts';
import { LIBRARY_CONFIG } from './useSmallModel.ts';
import { writeRandomCheckpoint } from './randomCheckpoint.ts';

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
  const path = join(folder, 'planted.safetensors');
  writeRandomCheckpoint(path, CONFIG, { distraction_dimensions: `[3, ${DIMENSION}, 29]` });
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, { data_offsets: number[] }>;
  const start = 8 + length + header['visual.positional_embedding'].data_offsets[0];
  for (const row of POSITIONS) bytes.writeFloatLE(30, start + 4 * (row * CONFIG.vision.width + DIMENSION));
  writeFileSync(path, bytes);
  return path;
}
