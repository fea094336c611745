import type { DinoEncoder } from '../../clip/dino/index.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import { patchPart } from '../../clip/tokens.ts';
import { bilinear } from '../../engine/ops/bilinear.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Trace } from '../trace.ts';
import { dinoLevels, normaliseForDino } from './dinoImage.ts';

/**
 * Keys of DINO's last block on CLIP's grid of patches, [B, N, C]: images [B, 3, H, W] are squeezed to a square for
 * DINO, whose finer keys are then interpolated bilinearly. DINO has several times more patches than CLIP, so it takes
 * the images in smaller batches. Source: `_get_dino_key` and `_process_dino_key` of CASS's published code, which also
 * rounds the keys to half precision; this does not.
 * @throws ShapeError when the short side holds no whole patch of DINO's.
 */
export function dinoKeys(dino: DinoEncoder, images: Tensor, grid: PatchGrid, trace?: Trace): Tensor {
  const { device } = dino;
  const [B] = images.shape;
  const N = grid.height * grid.width;
  return device.scope(() => {
    const levels = dinoLevels(images); // [B, 3, S, S]
    trace?.('dino/levels', levels);
    const fine = dino.grid(levels.shape[2], levels.shape[3]);
    const keys = device.empty([B, N, dino.config.width]);
    const perBatch = dino.imagesPerBatch(fine.height * fine.width);
    for (let first = 0; first < B; first += perBatch) {
      device.scope(() => {
        const batch = levels.rows(first, Math.min(first + perBatch, B)); // [b, 3, S, S]
        const qkv = dino.lastQkv(normaliseForDino(batch)); // [b, T, 3 C]
        trace?.(first === 0 ? 'dino/last_qkv' : `dino/last_qkv${first}`, qkv.tensor);
        const map = patchPart(qkv, 'key').reshape([batch.shape[0], fine.height, fine.width, dino.config.width]);
        const coarse = bilinear(map, grid.height, grid.width); // [b, gh, gw, C]
        device.recorder.copy(
          coarse.storage.buffer,
          coarse.byteOffset,
          keys.storage.buffer,
          first * N * dino.config.width * 4,
          coarse.byteLength,
        );
      });
    }
    return keys;
  });
}
