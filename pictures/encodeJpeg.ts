import { encode } from 'jpeg-js';
import type { RgbImage } from '../clip/image/types.ts';

/**
 * A baseline JPEG with colours at full resolution, which keeps small text sharp.
 * @param quality from 1 to 100
 * @returns the file
 */
export function encodeJpeg({ width, height, data }: RgbImage, quality: number): Uint8Array {
  const withAlpha = new Uint8Array(width * height * 4);
  for (let from = 0, to = 0; from < data.length; to++) {
    withAlpha[to++] = data[from++];
    withAlpha[to++] = data[from++];
    withAlpha[to++] = data[from++];
    withAlpha[to] = 255;
  }
  return encode({ width, height, data: withAlpha }, quality).data;
}
