import { ShapeError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { requireDtype, requireShape } from './checks.ts';

/**
 * Bytes as `normalisePixels` takes them: four to a u32, lowest first, the last filled up with zeros. Where there is
 * nothing to fill up, these are the bytes themselves.
 */
export function packBytes(bytes: Uint8Array): Uint32Array {
  if (bytes.length % 4 === 0 && bytes.byteOffset % 4 === 0)
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

/**
 * Pixels to the planes of normalised images: pixels [ceil(images * height * width * C / 4)] u32, four interleaved bytes
 * each, lowest first, one image behind the other, and a table [C, 256] f32 of what each level of a channel becomes,
 * give [images, C, height, width].
 * Source: `Normalize` of torchvision and MMSegmentation; `kernels/normalise_pixels.wgsl`.
 * @throws ShapeError when the pixels are too few or the table has not 256 columns.
 */
export function normalisePixels(pixels: Tensor, table: Tensor, height: number, width: number, images = 1): Tensor {
  requireDtype('normalisePixels', 'pixels', pixels, 'u32');
  requireDtype('normalisePixels', 'table', table, 'f32');
  requireShape('normalisePixels', 'table', table, [-1, 256]);
  const channels = table.shape[0];
  const words = Math.ceil((images * height * width * channels) / 4);
  if (pixels.size !== words) {
    throw new ShapeError(
      `normalisePixels: ${images === 1 ? '' : `${images} x `}${height} x ${width} x ${channels} bytes take ${words} ` +
        `words, found ${pixels.size}`,
      'normalisePixels',
    );
  }
  const y = pixels.device.empty([images, channels, height, width]);
  pixels.device.recorder.dispatch({
    kernel: 'normalise_pixels',
    params: { size: y.size, pixels: height * width, channels },
    tensors: [pixels, table, y],
    threads: y.size,
    bytes: 5 * y.size,
  });
  return y;
}
