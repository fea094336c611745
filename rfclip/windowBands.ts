import { accumulateWindows } from '../engine/ops/accumulateWindows.ts';
import { bilinear, type BilinearBand, bilinearInputRows } from '../engine/ops/bilinear.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { WindowBox } from './slidingWindow.ts';

/** Similarities of windows, and the sizes of what they are averaged and resized to. */
export interface WindowMaps {
  /** [windows, gridHeight, gridWidth, queries]. */
  maps: Tensor;
  boxes: readonly WindowBox[];
  /** Size of the network's image. */
  image: { height: number; width: number };
  outHeight: number;
  outWidth: number;
}

/** Where a band of output rows comes from. */
export interface BandSource {
  /** Its logits [rows * outWidth, queries]. */
  logits: (firstRow: number, rows: number) => Tensor;
  /** What they are enlarged from, where they are. */
  canvas?: (firstRow: number, rows: number) => Canvas;
}

/** Averaged window logits [height, width, queries] of those rows of the network's image that a band reads. */
export interface Canvas {
  canvas: Tensor;
  band: BilinearBand;
}

/** Bands of averaged window logits at the output size. */
export function windowSource(inputs: WindowMaps, corners: Tensor): BandSource {
  const logits = (first: number, rows: number) => resizedBand(inputs, corners, first, rows);
  if (isOutputSize(inputs)) return { logits };
  return { logits, canvas: (first, rows) => canvasOf(inputs, corners, first, rows) };
}

function isOutputSize({ image, outHeight, outWidth }: WindowMaps): boolean {
  return image.height === outHeight && image.width === outWidth;
}

/** Window logits of some queries, averaged and resized to rows of the output: [rows * outWidth, queries]. */
export function resizedBand(inputs: WindowMaps, corners: Tensor, firstRow: number, rows: number): Tensor {
  const { maps, outHeight, outWidth } = inputs;
  return maps.device.scope(() => {
    const { canvas, band } = canvasOf(inputs, corners, firstRow, rows); // [rows', width, Q]
    const Q = canvas.shape[2];
    if (isOutputSize(inputs)) return canvas.reshape([rows * outWidth, Q]);
    return bilinear(canvas.reshape([1, ...canvas.shape]), outHeight, outWidth, { band }).reshape([rows * outWidth, Q]);
  });
}

function canvasOf(inputs: WindowMaps, corners: Tensor, firstRow: number, rows: number): Canvas {
  const { maps, boxes, image, outHeight } = inputs;
  const [first, end] = isOutputSize(inputs)
    ? [firstRow, firstRow + rows]
    : bilinearInputRows(image.height, outHeight, firstRow, rows);
  const canvas = accumulateWindows(maps, corners, {
    windowHeight: boxes[0].y2 - boxes[0].y1,
    windowWidth: boxes[0].x2 - boxes[0].x1,
    canvasWidth: image.width,
    firstRow: first,
    rows: end - first,
  });
  return { canvas, band: { firstRow, rows, inputFirstRow: first, inputHeight: image.height } };
}
