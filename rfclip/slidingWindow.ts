import type { Device } from '../engine/device.ts';
import { RfclipError } from '../engine/errors.ts';
import type { Tensor } from '../engine/tensor.ts';

/** A window in pixels of the (already resized) image: rows y1..y2-1, columns x1..x2-1. */
export interface WindowBox {
  y1: number;
  x1: number;
  y2: number;
  x2: number;
}

/**
 * The windows of a sliding inference, in visiting order (rows first).
 *
 * Along one axis there are `ceil(max(side - crop, 0) / stride) + 1` windows, `stride` apart; the last one is moved back
 * inside the image, so neighbours may overlap by more than crop - stride, down to a shift of one pixel. An image
 * smaller than the crop gives one window of the image's side. All windows of one image have the same size.
 * Source: `forward_slide` of SCLIP, NACLIP and RF-CLIP (`custom_segmentor.py`), from mmsegmentation's
 * `slide_inference`.
 *
 * @param height rows of the image, at least 1.
 * @param width columns of the image, at least 1.
 * @param crop side of a window in pixels, at least 1 (the published setting 0, "no windows", is the caller's business).
 * @param stride distance of windows in pixels, from 1 to `crop`.
 * @throws RfclipError (`RFCLIP-WINDOW`) for anything else; a stride above the crop would leave pixels without a label.
 */
export function planWindows(height: number, width: number, crop: number, stride: number): WindowBox[] {
  for (const [name, value] of Object.entries({ height, width, crop, stride })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RfclipError(`The ${name} of sliding windows is ${value}, expected a whole number of pixels from 1.`, {
        code: 'RFCLIP-WINDOW',
        where: name,
      });
    }
  }
  if (stride > crop) {
    throw new RfclipError(
      `The window stride is ${stride} with windows of ${crop} pixels, expected at most ${crop}, or pixels between ` +
        `windows would get no label.`,
      { code: 'RFCLIP-WINDOW', where: 'stride' },
    );
  }
  const rows = planAxis(height, crop, stride);
  const columns = planAxis(width, crop, stride);
  return rows.flatMap(([y1, y2]) => columns.map(([x1, x2]) => ({ y1, x1, y2, x2 })));
}

function planAxis(side: number, crop: number, stride: number): [begin: number, end: number][] {
  const count = Math.ceil(Math.max(side - crop, 0) / stride) + 1;
  return Array.from({ length: count }, (_, index) => {
    const end = Math.min(index * stride + crop, side);
    return [Math.max(end - crop, 0), end];
  });
}

/**
 * The windows that an image is taken in, rows first: those of `planWindows`, or the whole image where `window` is 0.
 * @param patch side of the network's patches in pixels
 * @throws RfclipError as `planWindows`, and (`RFCLIP-IMAGE-SMALL`) where a window holds no whole patch
 */
export function windowsOf(
  { height, width }: { height: number; width: number },
  { window, stride }: { window: number; stride: number },
  patch: number,
): WindowBox[] {
  const boxes = window === 0 ? [{ y1: 0, x1: 0, y2: height, x2: width }] : planWindows(height, width, window, stride);
  const size = windowSize(boxes[0]);
  if (size.height < patch || size.width < patch) {
    throw new RfclipError(
      `an image or window of ${size.width}x${size.height} pixels is smaller than one patch of ${patch}x${patch}`,
      { code: 'RFCLIP-IMAGE-SMALL' },
    );
  }
  return boxes;
}

/** Top and left of each window, [windows, 2] u32, kept by the device: not to be disposed. */
export function windowCorners(device: Device, boxes: readonly WindowBox[]): Tensor {
  return device.constant(
    boxes.flatMap(({ y1, x1 }) => [y1, x1]),
    [boxes.length, 2],
    'u32',
  );
}

/** Height and width of a window in pixels. */
export function windowSize({ y1, x1, y2, x2 }: WindowBox): { height: number; width: number } {
  return { height: y2 - y1, width: x2 - x1 };
}
