import { moveAttention } from '../engine/ops/moveAttention.ts';
import { inPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';

/** How much attention moves, and in which rows and columns. */
export interface RedistributionOptions {
  /** Part of the attention that is taken from distraction tokens. Published: 0.7. */
  beta: number;
  /** Whether the row of CLS, its attention to patches, is redistributed too. */
  classRow: boolean;
  /** Whether CLS counts as a defocus token; default: no. */
  classIsTarget?: boolean;
}

/**
 * Attention redistribution in query-key attention A [B, H, T, T], per image, head and query i:
 *
 *     Omega_i = beta sum over j in T_dis of A_ij
 *     A_ij   <- (1 - beta) A_ij             for j in T_dis
 *     A_ij   <- A_ij + Omega_i rho_ij       for j in T_def and not in T_dis
 *     rho_ij  = A_ij / sum over these j of A_ij
 *
 * T_dis and T_def are masks [B, N] of patches. Rows keep their sum; where either set is empty nothing changes.
 * Source: RF-CLIP, attention redistribution. The release's form, which it does not use, is `refocusAttention`.
 */
export function redistributeAttention(
  attention: Tensor,
  distraction: Tensor,
  defocus: Tensor,
  { beta, classRow, classIsTarget = false }: RedistributionOptions,
): Tensor {
  return inPart(attention.device, 'redistributeAttention', () =>
    moveAttention(attention, distraction, defocus, 1 - beta, { firstRow: classRow ? 0 : 1, classIsTarget }),
  );
}
