import { ShapeError } from '../../engine/errors.ts';
import type { RgbImage } from './types.ts';

/** Weights are integers in units of 1/2048 (INTER_RESIZE_COEF_BITS = 11). */
const WEIGHT_ONE = 2048;

/** What every output sample of an axis is made of: two source samples, which may be the same one. */
export interface BilinearAxis {
  /** Indices of the two source samples, per output sample. */
  first: Int32Array;
  second: Int32Array;
  /** Their weights, in 1/2048. */
  weightFirst: Int32Array;
  weightSecond: Int32Array;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The samples and weights of an axis. Pixel centres are half a pixel in; position and weights are float32 as in OpenCV,
 * the scale is a double. Across, a position outside the picture takes the border pixel alone; down, it mixes the border
 * row with itself, whose two truncated halves can lose a level.
 */
export function bilinearAxis(inSize: number, outSize: number, direction: 'across' | 'down'): BilinearAxis {
  const scale = 1 / (outSize / inSize);
  const axis: BilinearAxis = {
    first: new Int32Array(outSize),
    second: new Int32Array(outSize),
    weightFirst: new Int32Array(outSize),
    weightSecond: new Int32Array(outSize),
  };
  const inside = (index: number) => Math.min(Math.max(index, 0), inSize - 1);
  for (let i = 0; i < outSize; i++) {
    const position = Math.fround((i + 0.5) * scale - 0.5);
    const index = Math.floor(position);
    const fraction = Math.fround(position - index);
    const isBorder = direction === 'across' && (index < 0 || index >= inSize - 1);
    axis.first[i] = inside(index);
    axis.second[i] = isBorder ? axis.first[i] : inside(index + 1);
    axis.weightFirst[i] = isBorder ? WEIGHT_ONE : roundHalfEven(Math.fround(1 - fraction) * WEIGHT_ONE);
    axis.weightSecond[i] = isBorder ? 0 : roundHalfEven(fraction * WEIGHT_ONE);
  }
  return axis;
}

/** One source row stretched to the new width: `[W', 3]` in units of 1/2048 level. */
function resizeRow(source: Uint8Array, rowStart: number, columns: BilinearAxis, out: Int32Array): void {
  const outWidth = columns.first.length;
  for (let x = 0, to = 0; x < outWidth; x++) {
    const from = rowStart + columns.first[x] * 3;
    const other = rowStart + columns.second[x] * 3;
    const a = columns.weightFirst[x];
    const b = columns.weightSecond[x];
    out[to++] = a * source[from] + b * source[other];
    out[to++] = a * source[from + 1] + b * source[other + 1];
    out[to++] = a * source[from + 2] + b * source[other + 2];
  }
}

/**
 * Bilinear resize of uint8 pixels, bit for bit `cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)`:
 * half-pixel centres, no smoothing when shrinking, and OpenCV's fixed-point arithmetic (modules/imgproc/src/resize.cpp:
 * 11-bit weights, first along the rows, then down the columns with four bits dropped, rounded at the end). Halving both
 * sides, where OpenCV averages 2 x 2 pixels instead, gives the same values.
 *
 * @param image uint8 `[H,W,3]`
 * @returns uint8 `[height, width, 3]`
 * @throws ShapeError if a side is not a positive integer or the data does not have the stated size
 */
export function resizeBilinear(image: RgbImage, width: number, height: number): RgbImage {
  checkResize(image, width, height, 'resizeBilinear');
  const columns = bilinearAxis(image.width, width, 'across');
  const rows = bilinearAxis(image.height, height, 'down');
  return resizeAlong(image, columns, rows);
}

/** The resize with given axes; their indices are those of the picture's columns and rows. */
export function resizeAlong(image: RgbImage, columns: BilinearAxis, rows: BilinearAxis): RgbImage {
  const [width, height] = [columns.first.length, rows.first.length];
  const lineLength = width * 3;
  const out = new Uint8Array(height * lineLength);

  // The two stretched rows in use, and which source rows they are; neighbouring output rows often share them.
  let upper = new Int32Array(lineLength);
  let lower = new Int32Array(lineLength);
  let upperRow = -1;
  let lowerRow = -1;
  for (let y = 0; y < height; y++) {
    const wantedUpper = rows.first[y];
    const wantedLower = rows.second[y];
    if (wantedUpper === lowerRow) {
      [upper, lower] = [lower, upper];
      [upperRow, lowerRow] = [lowerRow, upperRow];
    }
    if (wantedUpper !== upperRow) resizeRow(image.data, wantedUpper * image.width * 3, columns, upper);
    if (wantedLower !== lowerRow) resizeRow(image.data, wantedLower * image.width * 3, columns, lower);
    upperRow = wantedUpper;
    lowerRow = wantedLower;

    const a = rows.weightFirst[y];
    const b = rows.weightSecond[y];
    const start = y * lineLength;
    for (let i = 0; i < lineLength; i++) {
      out[start + i] = (((a * (upper[i] >> 4)) >> 16) + ((b * (lower[i] >> 4)) >> 16) + 2) >> 2;
    }
  }
  return { width, height, data: out };
}

/** @throws ShapeError if a side is not a positive integer or `image.data` is not `[H,W,3]` */
export function checkResize(image: RgbImage, width: number, height: number, where: string): void {
  const sides = [image.width, image.height, width, height];
  if (!sides.every((side) => Number.isInteger(side) && side > 0)) {
    throw new ShapeError(`${where} got sides ${sides.join(', ')}, expected positive whole numbers of pixels`, where);
  }
  if (image.data.length !== image.width * image.height * 3) {
    throw new ShapeError(
      `${where} got ${image.data.length} samples, expected ${image.height} x ${image.width} x 3`,
      where,
    );
  }
}
