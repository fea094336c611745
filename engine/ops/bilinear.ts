import { ShapeError } from '../errors.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { channelRun, requireDtype, requireShape } from './checks.ts';

/** A horizontal band of an interpolation too large for one buffer. */
export interface BilinearBand {
  /** First output row, and how many. */
  firstRow: number;
  rows: number;
  /** x holds rows `inputFirstRow ...` of an image of `inputHeight` rows. */
  inputFirstRow: number;
  inputHeight: number;
}

/**
 * Rows `[first, end)` of an input of `inputHeight` rows that output rows `[firstRow, firstRow + rows)` read
 * (align_corners = false).
 */
export function bilinearInputRows(
  inputHeight: number,
  outputHeight: number,
  firstRow: number,
  rows: number,
): [number, number] {
  const source = (out: number) => Math.max(0, (out + 0.5) * (inputHeight / outputHeight) - 0.5);
  // One row more on either side, because the device computes the coordinate in float32.
  const first = Math.max(0, Math.floor(source(firstRow)) - 1);
  const end = Math.min(inputHeight, Math.floor(source(firstRow + rows - 1)) + 3);
  return [Math.min(first, inputHeight - 1), end];
}

/**
 * @throws ShapeError unless x, of `height` rows, holds what a band of an output of `outHeight` rows reads, or with
 *   `alignCorners`, for which no band is made.
 */
export function requireBand(
  op: string,
  band: BilinearBand,
  height: number,
  outHeight: number,
  alignCorners = false,
): void {
  const [first, end] = bilinearInputRows(band.inputHeight, outHeight, band.firstRow, band.rows);
  const held = [band.inputFirstRow, band.inputFirstRow + height];
  if (alignCorners || first < held[0] || end > held[1])
    throw new ShapeError(`${op}: the band needs input rows ${first}..${end}, x holds ${held[0]}..${held[1]}`, op);
}

/**
 * Bilinear interpolation of x [batch, height, width, channels] f32 to [batch, outHeight, outWidth, channels], or to a
 * band of its rows.
 * Source: `torch.nn.functional.interpolate(mode='bilinear')`, no antialiasing.
 * @throws ShapeError when x is not of rank 4 or empty, or a band reads rows that x does not hold.
 */
export function bilinear(
  x: Tensor,
  outHeight: number,
  outWidth: number,
  options: { alignCorners?: boolean; band?: BilinearBand } = {},
): Tensor {
  requireDtype('bilinear', 'x', x, 'f32');
  requireShape('bilinear', 'x', x, [-1, -1, -1, -1]);
  const [batch, height, width, channels] = x.shape;
  const { alignCorners = false, band = { firstRow: 0, rows: outHeight, inputFirstRow: 0, inputHeight: height } } =
    options;
  if (height * width === 0)
    throw new ShapeError(`bilinear: x is ${formatShape(x.shape)}, expected at least one pixel`, 'bilinear');
  if (options.band !== undefined) {
    requireBand('bilinear', band, height, outHeight, alignCorners);
  }
  const y = x.device.empty([batch, band.rows, outWidth, channels]);
  const run = channelRun(x);
  const threads = batch * band.rows * outWidth * Math.ceil(channels / run);
  x.device.recorder.dispatch({
    kernel: 'bilinear',
    constants: { ALIGN_CORNERS: alignCorners, RUN: run },
    params: {
      size: threads,
      channels,
      inHeight: band.inputHeight,
      inWidth: width,
      inFirst: band.inputFirstRow,
      inRows: height,
      outHeight,
      outWidth,
      firstRow: band.firstRow,
      rows: band.rows,
    },
    tensors: [x, y],
    threads,
    flops: 8 * y.size,
  });
  return y;
}
