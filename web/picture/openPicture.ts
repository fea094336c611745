import type { Picture } from '../state/appState.ts';

let opened = 0;

/**
 * Decodes a picture to be shown; the worker decodes it again, with the same decoder.
 * @throws Error in one sentence for what is no picture that this browser knows
 */
export async function openPicture(file: Blob, name: string, example?: string): Promise<Picture> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch {
    throw new Error(`${name} is no image that this browser can decode`);
  }
  const named = file instanceof File && file.name === name ? file : new File([file], name, { type: file.type });
  return { number: ++opened, name, file: named, width: bitmap.width, height: bitmap.height, bitmap, example };
}
