import { headsOfPart, mixHeads, type Qkv } from '../../clip/attention.ts';
import type { DinoEncoder } from '../../clip/dino/index.ts';
import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import type { PatchGrid } from '../../clip/positions.ts';
import { patchPart, patchRows } from '../../clip/tokens.ts';
import { projectOut, projectQkv } from '../../clip/transformerBlock.ts';
import { RfclipError } from '../../engine/errors.ts';
import { add } from '../../engine/ops/blend.ts';
import { matchRange } from '../../engine/ops/matchRange.ts';
import { matricesOf } from '../../engine/ops/matrixViews.ts';
import { softmax } from '../../engine/ops/softmax.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { dinoKeys } from '../cass/dinoKeys.ts';
import { CASS_RANK, distillGraphs, patchGraphs } from '../cass/spectralGraph.ts';
import { IMAGE_SEMANTICS } from '../settings.ts';
import type { Trace } from '../trace.ts';
import { classFeature } from './classFeature.ts';
import { plainClip } from './clip.ts';
import type { DenseEncoder } from './denseEncoder.ts';
import { lastClassAsTrained, runEarlierBlocks } from './asTrained.ts';
import { defineMethod } from './method.ts';
import { patchGaussian } from './naclip.ts';

/** Parameters of CASS. */
export interface CassOptions {
  /** The second checkpoint: as many heads of the same width as CLIP's image tower (ViT-B/8 for ViT-B/16). */
  dino: DinoEncoder;
  /**
   * `spectral` is the method; `sequential` pairs heads by number; `vanilla` is q-k attention among patches, without
   * DINO.
   */
  strategy: 'spectral' | 'sequential' | 'vanilla';
  /** Standard deviation of the neighbourhood Gaussian, in patches. */
  gaussianDeviation: number;
  /**
   * Draw the eigenvalues of DINO's graphs apart. The published code does for all data sets but VOC20 and Cityscapes.
   */
  stretchSpectrum: boolean;
}

/** The values of the published code. */
export const CASS_DEFAULTS = { strategy: 'spectral', gaussianDeviation: 5, stretchSpectrum: true } as const;

/**
 * CASS: the last block attends by k-k similarity into which DINO's, cut to its strongest eigenvectors, is blended head
 * by head, plus a Gaussian of nearness; without CLS, residual and MLP. Works on any batch of windows and reads nothing
 * back. Source: Kim et al., "Distilling Spectral Graph for Object-Context Aware Open-Vocabulary Semantic Segmentation",
 * CVPR 2025; `VisionTransformer.custom_attn` of the published code, with exact instead of randomised singular vectors.
 * @throws RfclipError (`RFCLIP-CASS-HEADS`) from `encode` when the two towers' heads differ; (`RFCLIP-CASS-PATCHES`)
 *   when an image or window has fewer than 10 patches; ShapeError when it has none of DINO's.
 */
export function makeCass(options: CassOptions): DenseEncoder {
  return {
    encode(encoder, images, trace, cls) {
      const { heads } = encoder.config.vision;
      const grid = encoder.grid(images.shape[2], images.shape[3]);
      checkFit(encoder, options, grid);
      return encoder.device.scope(() => {
        const weights = encoder.blocks.at(-1)!;
        const x = runEarlierBlocks(encoder, images); // [B, T, C]
        const qkv = projectQkv(x, weights, heads); // [B, T, 3 C]
        const logits = attentionLogits(qkv, images, grid, options, trace); // [B, H, N, N]
        const attention = softmax(logits);
        trace?.('attn', attention);
        const values = mixHeads(matricesOf(attention), patchRows(headsOfPart(qkv, 'value'))); // [B, N, C]
        const patches = encoder.project(projectOut(values, weights)); // [B, N, E]
        return { patches, cls: cls ?? classFeature(encoder, lastClassAsTrained(encoder, x)) };
      });
    },
    encodeClass: plainClip.encodeClass,
  };
}

/** What the softmax of the last block is taken of, among patches: [B, H, N, N]. */
function attentionLogits(qkv: Qkv, images: Tensor, grid: PatchGrid, options: CassOptions, trace?: Trace): Tensor {
  const { device } = images;
  const { strategy, dino } = options;
  return device.scope(() => {
    const keys = patchPart(qkv, 'key'); // [B, N, C]
    if (strategy === 'vanilla') return patchGraphs(patchPart(qkv, 'query'), keys, qkv.heads);
    const [B, N, C] = keys.shape;
    const foreign = dinoKeys(dino, images, grid, trace); // [B, N, C]
    const mapped = matchRange(foreign.reshape([B, N * C]), keys.reshape([B, N * C])).reshape([B, N, C]);
    trace?.('dino/key_mapped', mapped);
    // [B, H, N, N]
    const distilled = distillGraphs(keys, mapped, qkv.heads, { strategy, stretch: options.stretchSpectrum }, trace);
    return add(distilled, device.tensor(patchGaussian(grid, options.gaussianDeviation), [N, N]));
  });
}

function checkFit({ config }: ImageEncoder, { dino, strategy }: CassOptions, grid: PatchGrid): void {
  if (strategy === 'vanilla') return;
  const { heads, width } = config.vision;
  if (heads !== dino.config.heads || width !== dino.config.width) {
    throw new RfclipError(
      `CASS pairs the heads of two image towers, but CLIP has ${heads} of width ${width / heads} and DINO ` +
        `${dino.config.heads} of width ${dino.config.width / dino.config.heads}`,
      {
        code: 'RFCLIP-CASS-HEADS',
        fix: 'use DINO ViT-B/8 with CLIP ViT-B/16 or ViT-B/32',
      },
    );
  }
  const patches = grid.height * grid.width;
  if (patches < CASS_RANK) {
    throw new RfclipError(
      `CASS needs at least ${CASS_RANK} patches, and an image or window of ${grid.height}x${grid.width} has ${patches}`,
      {
        code: 'RFCLIP-CASS-PATCHES',
        fix: 'use a larger image, a larger window, or another method',
      },
    );
  }
}

/** CASS as published. */
export const cass = defineMethod({
  name: 'cass',
  summary:
    "last block: key-key attention blended with DINO's strongest eigenvectors, plus a Gaussian; needs `--dino FILE`",
  source: 'Kim et al., CVPR 2025',
  needs: { dino: true },
  family: 'cass',
  defaults: IMAGE_SEMANTICS,
  promptLinkage: 'ward',
  make: ({ dino, settings }) => makeCass({ ...CASS_DEFAULTS, dino: dino!, stretchSpectrum: settings.stretchSpectrum }),
});
