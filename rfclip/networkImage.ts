import type { RgbImage } from '../clip/image/types.ts';
import { denseLevels, normaliseForDense } from '../clip/preprocess.ts';
import type { Device } from '../engine/device.ts';
import { normalisePixels, packBytes } from '../engine/ops/normalisePixels.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { NormalisedImage } from './prepareImage.ts';

/**
 * A picture of the network's size: pixels, which the device normalises, or normalised values. Both give the same bits;
 * pixels are a quarter of the bytes and no work for the host.
 */
export type NetworkImage = NormalisedImage | RgbImage;

/** The planes of an image on the device, [1, 3, height, width], in the caller's scope. */
export function uploadImage(device: Device, image: NetworkImage): Tensor {
  return uploadImages(device, [image]);
}

/**
 * The planes of images of one size on the device, [images, 3, height, width], in the caller's scope. All are pixels, or
 * all are normalised values.
 */
export function uploadImages(device: Device, images: readonly NetworkImage[]): Tensor {
  const [{ height, width }] = images;
  const values = joined(images.map(({ data }) => data));
  if (values instanceof Float32Array) return device.tensor(values, [images.length, 3, height, width]);
  return device.scope(() => {
    const words = packBytes(values);
    const pixels = device.tensor(words, [words.length], 'u32');
    return normalisePixels(pixels, levelsOn(device), height, width, images.length);
  });
}

/** Arrays of one type behind each other. */
function joined(arrays: readonly (Float32Array | Uint8Array)[]): Float32Array | Uint8Array {
  const [first] = arrays;
  if (arrays.length === 1) return first;
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const all = first instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length);
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}

/** `denseLevels` on the device. By a name: as a key, 768 numbers would be written out for every image. */
function levelsOn(device: Device): Tensor {
  return device.constants.get('dense levels', () => device.keep(() => device.tensor(denseLevels(), [3, 256])));
}

/** The normalised values of an image, colours interleaved: [height, width, 3]. */
export function interleavedValues(image: NetworkImage): Float32Array {
  const { height, width } = image;
  const planes =
    image.data instanceof Float32Array ? image.data : normaliseForDense({ height, width, data: image.data });
  const pixels = height * width;
  const out = new Float32Array(3 * pixels);
  for (let i = 0; i < pixels; i++)
    for (let channel = 0; channel < 3; channel++) out[3 * i + channel] = planes[channel * pixels + i];
  return out;
}
