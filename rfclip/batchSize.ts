import { type ClipConfig, mlpWidthOf } from '../clip/config.ts';
import type { AdapterClass } from '../engine/adapter.ts';
import type { Device } from '../engine/device.ts';

/** Largest intermediate tensor of a batch of windows, where the adapter's limit allows it. */
const BATCH_BYTES: Record<AdapterClass, number> = {
  software: 64 * 2 ** 20,
  integrated: 128 * 2 ** 20,
  discrete: 512 * 2 ** 20,
};

/** A band of logits is enlarged at a time; its buffers stay below this where the adapter's limit allows it. */
const BAND_BYTES: Record<AdapterClass, number> = {
  software: 64 * 2 ** 20,
  integrated: 64 * 2 ** 20,
  discrete: 256 * 2 ** 20,
};

/** Bands are not made smaller than this. */
const LEAST_BAND_BYTES = 2 ** 20;

/** Bytes of the largest intermediate tensor of one window of N patches. */
export function windowBytes({ vision }: ClipConfig, N: number): number {
  const { width, heads, patch } = vision;
  const T = N + 1;
  const inner = Math.max(4 * width, mlpWidthOf(vision));
  return 4 * Math.max(heads * T * T, T * inner, N * 3 * patch * patch);
}

/**
 * Windows of a batch for which WebGPU has enough workgroups: products have one matrix for every head of every window
 * along an axis of at most 65535, RF-CLIP's two read-outs two.
 */
export function mostWindows({ vision }: ClipConfig): number {
  return Math.floor(65535 / (2 * vision.heads));
}

/**
 * Bytes that the largest tensor of a batch of windows may have.
 * @param chosen in place of what suits the class of the adapter
 * @param most of any tensor, since memory ran out
 */
export function batchBytes(device: Device, chosen?: number, most = Infinity): number {
  return Math.min(chosen ?? BATCH_BYTES[device.adapterClass], most, device.gpu.limits.maxStorageBufferBindingSize);
}

/** `batchBytes` of a band of logits. */
export function bandBytes(device: Device, chosen?: number, most = Infinity): number {
  return Math.min(chosen ?? BAND_BYTES[device.adapterClass], most, device.gpu.limits.maxStorageBufferBindingSize);
}

/**
 * Half of what the larger of the two takes: a batch of windows, where it has more than one, or a band; undefined where
 * neither can be made smaller.
 */
export function halfAsMuch(batch: { windows: number; bytes: number }, bandOfBytes: number): number | undefined {
  const most = Math.max(batch.windows > 1 ? batch.bytes : 0, bandOfBytes > LEAST_BAND_BYTES ? bandOfBytes : 0);
  return most === 0 ? undefined : most / 2;
}
