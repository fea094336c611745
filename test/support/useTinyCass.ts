import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import type { CheckpointFile } from '../../clip/checkpoint/checkpointFile.ts';
import { openSafetensors } from '../../clip/checkpoint/safetensors.ts';
import { inferConfig } from '../../clip/config.ts';
import { DinoEncoder, inferDinoConfig } from '../../clip/dino/index.ts';
import { ImageEncoder } from '../../clip/imageEncoder.ts';
import { Device } from '../../engine/index.ts';
import { openTinyClip } from './tinyClip.ts';

/** The weights of the recorded DINO ViT. */
export function openTinyDino(): CheckpointFile {
  return openSafetensors(fileURLToPath(new URL('../fixtures/methods/cassDino.safetensors', import.meta.url)));
}

/** The recorded CLIPs and the recorded DINO on one device. */
export interface TinyCass {
  readonly device: Device;
  readonly dino: DinoEncoder;
  /** The same weights read as four heads of width 32. */
  readonly fourHeadedDino: DinoEncoder;
  images(checkpoint: 'tiny_a' | 'tiny_b'): ImageEncoder;
  /** Bytes that the weights take: what is live between tests. */
  readonly weightBytes: number;
}

/**
 * Loads the models that CASS was recorded with for the calling test file. After its tests, nothing but the weights may
 * be alive on the device.
 */
export function useTinyCass(): TinyCass {
  const files: CheckpointFile[] = [];
  const encoders = new Map<string, ImageEncoder>();
  let loaded: { device: Device; dino: DinoEncoder; fourHeadedDino: DinoEncoder; weightBytes: number } | undefined;
  const opened = () => {
    if (loaded === undefined) throw new Error('the models are loaded in beforeAll; use them inside of a test');
    return loaded;
  };
  beforeAll(async () => {
    const device = await Device.create({ debug: '' });
    // Made now, so that it does not look like a leak of the first op that binds it.
    void device.placeholder;
    const open = (file: CheckpointFile) => (files.push(file), file);
    for (const name of ['tiny_a', 'tiny_b'] as const) {
      const file = open(openTinyClip(name));
      encoders.set(name, ImageEncoder.load(device, file, inferConfig(file)));
    }
    const dinoFile = open(openTinyDino());
    const config = inferDinoConfig(dinoFile);
    const dino = DinoEncoder.load(device, dinoFile, config);
    const fourHeadedDino = DinoEncoder.load(device, dinoFile, { ...config, heads: 4 });
    loaded = { device, dino, fourHeadedDino, weightBytes: device.pool.statistics.liveBytes };
  });
  afterAll(() => {
    const live = loaded?.device.pool.statistics.liveBytes;
    loaded?.device.destroy();
    for (const file of files) file.close();
    expect(live, 'live bytes at the end of the file').toBe(loaded?.weightBytes);
  });
  return {
    get device() {
      return opened().device;
    },
    get dino() {
      return opened().dino;
    },
    get fourHeadedDino() {
      return opened().fourHeadedDino;
    },
    get weightBytes() {
      return opened().weightBytes;
    },
    images: (checkpoint) => (opened(), encoders.get(checkpoint)!),
  };
}
