import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ImageError, reasonOf } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import type { StoredImage } from './types.ts';
import { onCanvas, readWebpFile } from './webpFile.ts';

interface WebpExports {
  memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  WebPDecodeRGBA(source: number, sourceBytes: number, width: number, height: number): number;
}

let compiled: WebAssembly.Module | undefined;

/**
 * Decodes a WebP file to RGB, bit for bit what `cv2.imread(path, cv2.IMREAD_COLOR)` gives (as RGB): lossy or
 * lossless, alpha dropped, the first picture of an animation.
 *
 * @returns `[H,W,3]` uint8 as stored, and the Exif orientation
 * @throws ImageError for a damaged, truncated or too large picture, and where WebAssembly is not available
 */
export function decodeWebp(bytes: Uint8Array, name: string, limits: ImageLimits = {}): StoredImage {
  const file = readWebpFile(bytes, name, limits);
  const { width, height, picture, frame, orientation } = file;
  let data: Uint8Array;
  try {
    data = onCanvas(decodeWithLibwebp(picture, frame.width, frame.height), 4, file);
  } catch (error) {
    throw new ImageError(
      name,
      `is a damaged or unsupported WebP picture of ${width} x ${height} pixels: ${reasonOf(error)}`,
      { cause: error },
    );
  }
  return { width, height, data, orientation, notices: [] };
}

/**
 * Decodes with libwebp (the WebAssembly file of the package `@cwasm/webp`). We instantiate it ourselves, for every
 * picture anew: whatever a damaged file does to the decoder's memory, the next picture never sees it.
 *
 * @returns uint8 `[height, width, 4]`, a view of memory that nothing else uses
 * @throws Error if libwebp gives up or memory runs out
 */
function decodeWithLibwebp(bytes: Uint8Array, width: number, height: number): Uint8Array {
  if (compiled === undefined) {
    const path = createRequire(import.meta.url).resolve('@cwasm/webp/webp.wasm');
    compiled = new WebAssembly.Module(readFileSync(path));
  }
  const refuse = () => {
    throw new Error('libwebp asked for a system call');
  };
  const instance = new WebAssembly.Instance(compiled, {
    wasi_snapshot_preview1: { fd_close: refuse, fd_seek: refuse, fd_write: refuse },
  });
  const { memory, malloc, WebPDecodeRGBA } = instance.exports as unknown as WebpExports;
  const source = malloc(bytes.length);
  const size = malloc(8);
  if (source === 0 || size === 0) throw new Error('not enough memory for the decoder');
  new Uint8Array(memory.buffer, source, bytes.length).set(bytes);
  const rgba = WebPDecodeRGBA(source, bytes.length, size, size + 4);
  if (rgba === 0) throw new Error('libwebp cannot decode it');
  const [decodedWidth, decodedHeight] = new Uint32Array(memory.buffer, size, 2);
  if (decodedWidth !== width || decodedHeight !== height)
    throw new Error(`libwebp sees ${decodedWidth} x ${decodedHeight} pixels`);
  return new Uint8Array(memory.buffer, rgba, width * height * 4);
}
