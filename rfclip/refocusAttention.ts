import { columnMean } from '../engine/ops/columnMean.ts';
import { redistributeColumns } from '../engine/ops/redistributeColumns.ts';
import { greaterThan } from '../engine/ops/threshold.ts';
import { inScopedPart } from '../engine/parts.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Trace } from './trace.ts';

/** How attention sinks are found and relieved. */
export interface RefocusOptions {
  /** A patch is a sink where it receives more than this share of attention. Release: 0.1. */
  sinkThreshold: number;
  /** Part of its attention that a sink keeps; the release calls it beta. Release: 0.6. */
  sinkKeep: number;
}

/**
 * What the release has in place of the paper's attention redistribution, and leaves off, in query-key attention A
 * [B, H, T, T], per image and head:
 *
 *     score_j = 1/T sum over patch rows i of A_ij;  j is a sink where score_j > sinkThreshold
 *     A_ij   <- sinkKeep A_ij                       for sinks j
 *     A_ij   <- A_ij + Omega_i A_ij / (sum over patches m that are no sinks of A_im + 1e-8)     for other patches j
 *     Omega_i = (1 - sinkKeep) sum over sinks j of A_ij
 *
 * The row and the column of CLS stay. Where every patch is a sink, the freed attention is lost.
 * Source: the release's `attn_refocusing`, strategy refocus.
 */
export function refocusAttention(attention: Tensor, options: RefocusOptions, trace?: Trace): Tensor {
  const T = attention.shape[3];
  return inScopedPart(attention.device, 'refocusAttention', () => {
    const score = columnMean(attention, 1, T); // [B, H, N]
    const isSink = greaterThan(score, options.sinkThreshold); // [B, H, N]
    trace?.('sink_score', score);
    trace?.('sink_mask', isSink);
    return redistributeColumns(attention, isSink, options.sinkKeep, 1); // [B, H, T, T]
  });
}
