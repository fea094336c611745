import { readWebpFile } from '../../clip/image/webpFile.ts';

/** Matrices of the Exif orientations 2 to 8, for a stored picture of w x h pixels. */
const TURNS: readonly ((w: number, h: number) => DOMMatrix2DInit)[] = [
  (w) => ({ a: -1, d: 1, e: w }),
  (w, h) => ({ a: -1, d: -1, e: w, f: h }),
  (_, h) => ({ a: 1, d: -1, f: h }),
  () => ({ a: 0, b: 1, c: 1, d: 0 }),
  (_, h) => ({ a: 0, b: 1, c: -1, d: 0, e: h }),
  (w, h) => ({ a: 0, b: -1, c: -1, d: 0, e: h, f: w }),
  (w) => ({ a: 0, b: -1, c: 1, d: 0, f: w }),
];

/**
 * A WebP picture as the worker sees it, upright; some browsers leave it as it is stored.
 * @returns undefined for one that needs no turning
 * @throws ImageError for a damaged file
 */
export async function uprightWebp(file: Blob, options: ImageBitmapOptions): Promise<ImageBitmap | undefined> {
  const { orientation, alone } = readWebpFile(new Uint8Array(await file.arrayBuffer()), 'the picture');
  if (orientation === 1) return undefined;
  const stored = await createImageBitmap(new Blob([new Uint8Array(alone())]), options);
  const { width, height } = stored;
  const canvas = orientation < 5 ? new OffscreenCanvas(width, height) : new OffscreenCanvas(height, width);
  const pen = canvas.getContext('2d')!;
  pen.setTransform(TURNS[orientation - 2](width, height));
  pen.drawImage(stored, 0, 0);
  stored.close();
  return canvas.transferToImageBitmap();
}
