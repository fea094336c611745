import { concatColumns, sliceColumns } from '../engine/ops/columns.ts';
import type { Tensor } from '../engine/tensor.ts';
import { interleavedValues, type NetworkImage } from './networkImage.ts';
import { refineMasks } from './pamr.ts';
import type { Settings } from './settings.ts';
import { resizedBand, type WindowMaps } from './windowBands.ts';

/** What is refined, and along which edges. */
interface RefineInputs extends WindowMaps {
  image: NetworkImage;
  settings: Settings;
  /** Aim for the size in bytes of a block. */
  bandBytes: number;
}

/**
 * PAMR over the whole output, which needs whole images, some queries at a time.
 * @param corners [windows, 2], of `windowCorners`
 * @returns blocks [outHeight, outWidth, queries of the block], in no scope: the caller's to dispose
 */
export function refineInBlocks(inputs: RefineInputs, corners: Tensor): Tensor[] {
  const { maps, image, outHeight, outWidth, settings } = inputs;
  const { device } = maps;
  const Q = maps.shape[3];
  const perBlock = Math.max(1, Math.min(Q, Math.floor(inputs.bandBytes / (4 * outHeight * outWidth))));
  return device.withoutScope(() =>
    device.scope(() => {
      const pixels = device.tensor(interleavedValues(image), [image.height, image.width, 3]);
      const blocks: Tensor[] = [];
      for (let first = 0; first < Q; first += perBlock) {
        const end = Math.min(first + perBlock, Q);
        const part = device.scope(() => {
          const block = end - first === Q ? maps : sliceColumns(maps, first, end);
          const logits = resizedBand({ ...inputs, maps: block }, corners, 0, outHeight).reshape([
            outHeight,
            outWidth,
            end - first,
          ]);
          return refineMasks(pixels, [logits], settings)[0];
        });
        blocks.push(part);
      }
      return blocks;
    }),
  );
}

/** Some rows of all blocks side by side: [rows * outWidth, queries]. */
export function refinedBand(blocks: readonly Tensor[], outWidth: number, firstRow: number, rows: number): Tensor {
  const matrices = blocks.map((block) => block.reshape([-1, block.shape[2]]));
  return concatColumns(matrices, firstRow * outWidth, rows * outWidth);
}
