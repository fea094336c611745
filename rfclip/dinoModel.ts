import { whenRead, withUploads } from '../clip/checkpoint/lateReads.ts';
import { openDinoCheckpoint } from '../clip/checkpoint/openCheckpoint.ts';
import { DinoEncoder, inferDinoConfig } from '../clip/dino/index.ts';
import { dinoNotes } from '../clip/modelNotes.ts';
import { DINO_TENSORS } from '../clip/towers.ts';
import type { Device } from '../engine/device.ts';

/** A DINO ViT on the device, and what was decided about its file. */
export interface DinoModel {
  encoder: DinoEncoder;
  notes: readonly string[];
}

/** Opens and uploads a DINO ViT from a file that answers at once. @throws CheckpointError when it is none */
export function loadDino(device: Device, path: string, prefix?: string): DinoModel {
  const file = openDinoCheckpoint(path, { prefix });
  try {
    const config = inferDinoConfig(file);
    return { encoder: DinoEncoder.load(device, file, config), notes: dinoNotes(file) };
  } finally {
    file.close();
  }
}

/** `loadDino` for a file whose bytes may have to be waited for. @throws as it */
export async function openDino(device: Device, path: string, prefix?: string): Promise<DinoModel> {
  const file = await whenRead(() => openDinoCheckpoint(path, { prefix }));
  try {
    const config = await whenRead(() => inferDinoConfig(file));
    const encoder = await withUploads(device, file, DINO_TENSORS, () => DinoEncoder.load(device, file, config));
    return { encoder, notes: dinoNotes(file) };
  } finally {
    file.close();
  }
}
