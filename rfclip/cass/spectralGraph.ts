import { headProducts } from '../../clip/attention.ts';
import { assignColumns } from '../../engine/ops/assignColumns.ts';
import { lowRankFactor } from '../../engine/ops/lowRankFactor.ts';
import { matmul } from '../../engine/ops/matmul.ts';
import { columnBlocks } from '../../engine/ops/matrixViews.ts';
import { matchRange } from '../../engine/ops/matchRange.ts';
import { orthogonalizeColumns } from '../../engine/ops/orthogonalizeColumns.ts';
import { spectrumDistance } from '../../engine/ops/spectrumDistance.ts';
import { topValues } from '../../engine/ops/topValues.ts';
import { weightedMean } from '../../engine/ops/weightedMean.ts';
import { zeroDiagonal } from '../../engine/ops/zeroDiagonal.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Trace } from '../trace.ts';

/** Eigenvalues that are kept of DINO's graphs: the energy test of the published code always passes at its first try. */
export const CASS_RANK = 10;

/** Eigenvalues by which heads are compared. */
const COMPARED_EIGENVALUES = 20;

/** How much more DINO's graph weighs for each unit of spectral distance. */
const DISTANCE_FACTOR = 10;

/**
 * The graphs of patches that the heads see, `left right^T / sqrt(D)`: left and right [B, N, C] with H heads side by
 * side become [B, H, N, N].
 */
export function patchGraphs(left: Tensor, right: Tensor, heads: number): Tensor {
  const D = left.shape[2] / heads;
  return headProducts(columnBlocks(left, heads), columnBlocks(right, heads), 1 / Math.sqrt(D));
}

/** How DINO's graphs are brought into CLIP's. */
export interface DistillOptions {
  /** `spectral` pairs heads by their spectra; `sequential` takes them as they are numbered, with equal weights. */
  strategy: 'spectral' | 'sequential';
  /** Draw the kept eigenvalues apart; only for `spectral`. */
  stretch: boolean;
}

/**
 * CLIP's key-key graphs with DINO's distilled into them, before the softmax: clipKeys and dinoKeys [B, N, C] become
 * [B, H, N, N].
 *
 * Per head, DINO's graph is cut to its 10 largest eigenvalues, its diagonal set to 0, its range made CLIP's, and the
 * mean of both taken. With `spectral`, the shares of the 20 largest eigenvalues of every DINO head i and CLIP head j
 * are compared; heads are paired one to one so that the sum of distances is LARGEST; and DINO's share grows with the
 * distance of its pair. As published, the distance is that of DINO head i and CLIP head j, but DINO head j goes to CLIP
 * head i.
 *
 * A graph is x x^T with x the [N, D] keys of a head, so its spectrum is found by turning x's columns, without an
 * eigenproblem of N patches; and all of it stays on the device.
 * Source: Kim et al., CVPR 2025, section on spectral object-level context distillation; `_apply_spectral_strategy` and
 * `_apply_sequential_strategy` of the published code. The common factor 1 / sqrt(D) of the spectra cancels here.
 * @throws ShapeError when a head is narrower than 10.
 */
export function distillGraphs(
  clipKeys: Tensor,
  dinoKeys: Tensor,
  heads: number,
  options: DistillOptions,
  trace?: Trace,
): Tensor {
  const { device } = clipKeys;
  const [B, N, C] = clipKeys.shape;
  return device.scope(() => {
    const graphs = patchGraphs(clipKeys, clipKeys, heads); // [B, H, N, N]
    const { y, squares } = orthogonalizeColumns(dinoKeys, heads); // [B, H, N, D], [B, H, D]
    let pairing = {
      column: inOrder(graphs, B, heads),
      score: device.tensor(new Float32Array(B * heads).fill(1), [B, heads]),
    };
    if (options.strategy === 'spectral') {
      const compared = Math.min(COMPARED_EIGENVALUES, C / heads);
      const clipSquares = orthogonalizeColumns(clipKeys, heads).squares; // [B, H, D]
      // [B, H, H]
      const distances = spectrumDistance(topValues(squares, compared).values, topValues(clipSquares, compared).values);
      pairing = assignColumns(distances);
      trace?.('distances', distances);
      trace?.('assignment', pairing.column);
    }
    const stretch = options.strategy === 'spectral' && options.stretch;
    const factor = lowRankFactor(y, topValues(squares, CASS_RANK), pairing.column, { stretch }); // [B, H, N, 10]
    const lowRank = zeroDiagonal(matmul(factor, factor, { transposeB: true })); // [B, H, N, N]
    const flat = [B, heads, N * N];
    const ranged = matchRange(lowRank.reshape(flat), graphs.reshape(flat)); // [B, H, N N]
    const weight = options.strategy === 'spectral' ? DISTANCE_FACTOR : 1;
    return weightedMean(ranged, graphs.reshape(flat), pairing.score, weight).reshape([B, heads, N, N]);
  });
}

/** The heads as they are numbered, for every window: [B, H] u32. */
function inOrder({ device }: Tensor, B: number, heads: number): Tensor {
  return device.tensor(
    Uint32Array.from({ length: B * heads }, (_, i) => i % heads),
    [B, heads],
    'u32',
  );
}
