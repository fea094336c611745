import { columnMean } from '../engine/ops/columnMean.ts';
import { redistributeColumns } from '../engine/ops/redistributeColumns.ts';
import { greaterThan } from '../engine/ops/threshold.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Trace } from './methods/denseEncoder.ts';

/** How attention sinks are found and relieved. */
export interface RefocusOptions {
  /** A patch is a sink where it receives more than this share of attention. Release: 0.1. */
  sinkThreshold: number;
  /** Part of its attention that a sink keeps; the release calls it beta. Release: 0.6. */
  sinkKeep: number;
}

/**
 * Attention refocusing of weights [B, H, T, T], per head: patch j is a sink where its column sum over patch rows,
 * divided by T, exceeds the threshold; sinks keep a part of their attention in patch rows, and the rest goes to the
 * other patches in proportion. The row and the column of CLS stay.
 * Source: RF-CLIP's attention redistribution, in the form of the release's `attn_refocusing`, strategy refocus.
 */
export function refocusAttention(attention: Tensor, options: RefocusOptions, trace?: Trace): Tensor {
  const T = attention.shape[3];
  return attention.device.scope(() => {
    const score = columnMean(attention, 1, T); // [B, H, N]
    const isSink = greaterThan(score, options.sinkThreshold); // [B, H, N]
    trace?.('sink_score', score);
    trace?.('sink_mask', isSink);
    return redistributeColumns(attention, isSink, options.sinkKeep, 1); // [B, H, T, T]
  });
}
