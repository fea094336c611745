import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { channelRun, requireDtype, requireShape } from './checks.ts';

/** Where windows lie on a canvas, in pixels. */
export interface WindowPlacement {
  windowHeight: number;
  windowWidth: number;
  canvasWidth: number;
  /** Canvas rows to compute. */
  firstRow: number;
  rows: number;
}

/** Sums of a thread on a CPU, which compiles more of them for longer than it gains: vectors, or single channels. */
const VECTORS = 2;
const SUMS = 4;

/**
 * Enlarges the coarse map of every window bilinearly to its box and averages where boxes overlap.
 * maps [windows, mapHeight, mapWidth, channels] f32; corners [windows, 2] u32 (top, left); the result is
 * [rows, canvasWidth, channels]. Pixels that no window covers are 0.
 * Source: `forward_slide` of the published segmentors.
 * @throws ShapeError when corners does not fit or a map has no cell.
 */
export function accumulateWindows(maps: Tensor, corners: Tensor, placement: WindowPlacement): Tensor {
  requireDtype('accumulateWindows', 'maps', maps, 'f32');
  requireDtype('accumulateWindows', 'corners', corners, 'u32');
  requireShape('accumulateWindows', 'maps', maps, [-1, -1, -1, -1]);
  const [windows, mapHeight, mapWidth, channels] = maps.shape;
  requireShape('accumulateWindows', 'corners', corners, [windows, 2]);
  if (mapHeight * mapWidth === 0)
    throw new ShapeError(
      `accumulateWindows: maps are ${formatShape(maps.shape)}, expected at least one cell`,
      'accumulateWindows',
    );
  const { windowHeight, windowWidth, canvasWidth, firstRow, rows } = placement;
  const canvas = maps.device.empty([rows, canvasWidth, channels]);
  const inRuns = channelRun(maps) > 1;
  const inVectors = inRuns && channels % 4 === 0 && maps.size > 0;
  const values = inVectors ? channels / 4 : channels;
  const run = inRuns ? (inVectors ? VECTORS : SUMS) : 1;
  const threads = rows * canvasWidth * Math.ceil(values / run);
  maps.device.recorder.dispatch({
    kernel: 'accumulate_windows',
    constants: { RUN: run, VALUE: inVectors ? 'vec4f' : 'f32' },
    params: {
      size: threads,
      channels: values,
      windows,
      mapHeight,
      mapWidth,
      windowHeight,
      windowWidth,
      width: canvasWidth,
      firstRow,
    },
    tensors: [maps, corners, canvas],
    threads,
    flops: 16 * canvas.size,
  });
  return canvas;
}
