import { decode as decodeWithJpegJs } from 'jpeg-js';
import { ImageError, reasonOf } from './imageError.ts';
import { readJpegHeader, type JpegHeader } from './jpegHeader.ts';
import { decodeWithJpegTurbo, isJpegTurboAvailable, PIXEL_FORMAT_CMYK, PIXEL_FORMAT_RGB } from './jpegTurbo.ts';
import type { ImageLimits } from './limits.ts';
import type { StoredImage } from './types.ts';

/**
 * Decodes a JPEG file to RGB, bit for bit what `cv2.imread(path, cv2.IMREAD_COLOR)` gives (as RGB).
 *
 * A file without its end marker is decoded only if nothing but the marker is missing. OpenCV would fill the missing
 * part of a truncated picture with grey; a segmentation of grey is worth nothing, so that is an error here. Damage
 * inside a file that has its end is patched over as OpenCV does, with a notice.
 *
 * @returns `[H,W,3]` uint8 as stored, and the Exif orientation
 * @throws ImageError if the header is unusable or the data cannot be decoded
 */
export function decodeJpeg(bytes: Uint8Array, name: string, limits: ImageLimits = {}): StoredImage {
  const header = readJpegHeader(bytes, name, limits);
  const { data, notices } = isJpegTurboAvailable()
    ? decodeExactly(bytes, header, name)
    : decodeApproximately(bytes, header, name);
  const { width, height, orientation } = header;
  return { width, height, data, orientation, notices };
}

interface Pixels {
  data: Uint8Array;
  notices: string[];
}

function decodeExactly(bytes: Uint8Array, header: JpegHeader, name: string): Pixels {
  const { width, height, components, ended, allScans } = header;
  // With an end marker supplied, libjpeg has reason to warn only if coded pixels are missing as well.
  const source = ended ? bytes : withEndMarker(bytes);
  const format = components === 4 ? PIXEL_FORMAT_CMYK : PIXEL_FORMAT_RGB;
  let decoded: { data: Uint8Array; warned: boolean };
  try {
    decoded = decodeWithJpegTurbo(source, width, height, format);
  } catch (error) {
    throw new ImageError(
      name,
      `is a damaged or unsupported JPEG picture of ${width} x ${height} pixels: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  if (!ended && (decoded.warned || !allScans)) {
    throw new ImageError(
      name,
      `is a truncated JPEG picture: its ${bytes.length} bytes end before all of its ${width} x ${height} pixels`,
      {
        fix: 'copy or download the file again',
      },
    );
  }
  const notices = decoded.warned
    ? [`${name} has damaged JPEG data; the damaged part was filled in as OpenCV does`]
    : [];
  return { data: components === 4 ? cmykToRgb(decoded.data) : decoded.data, notices };
}

function decodeApproximately(bytes: Uint8Array, header: JpegHeader, name: string): Pixels {
  // jpeg-js invents what is missing and does not say so.
  if (!header.ended)
    throw new ImageError(name, `is a truncated JPEG picture: its ${bytes.length} bytes lack an end marker`);
  try {
    const decoded = decodeWithJpegJs(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      tolerantDecoding: false,
      maxMemoryUsageInMB: 4096,
    });
    if (decoded.width !== header.width || decoded.height !== header.height)
      throw new Error('its size changes while decoding');
    return {
      data: decoded.data,
      notices: [
        `${name} was decoded by jpeg-js because WebAssembly is not available; its pixels differ slightly from OpenCV's`,
      ],
    };
  } catch (error) {
    throw new ImageError(
      name,
      `is a damaged or unsupported JPEG picture of ${header.width} x ${header.height} pixels: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function withEndMarker(bytes: Uint8Array): Uint8Array {
  const closed = new Uint8Array(bytes.length + 2);
  closed.set(bytes);
  closed.set([0xff, 0xd9], bytes.length);
  return closed;
}

/**
 * Inverted CMYK, as Adobe's programs write it, to RGB by OpenCV's integer rule (modules/imgcodecs/src/utils.cpp):
 * each channel is k - ((255 - c) k >> 8).
 *
 * @param cmyk uint8 `[pixels, 4]`
 * @returns uint8 `[pixels, 3]`
 */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / 4) * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const key = cmyk[from + 3];
    for (let channel = 0; channel < 3; channel++) rgb[to++] = key - (((255 - cmyk[from + channel]) * key) >> 8);
  }
  return rgb;
}
