import { describeContent, sniffFormat, wayOut } from '../../clip/image/sniff.ts';
import { RfclipError } from '../../engine/errors.ts';
import type { Picture } from '../state/appState.ts';
import { uprightWebp } from './uprightWebp.ts';

const AS_STORED = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;
/** So many bytes tell what a file is. */
const HEAD_BYTES = 256;

let opened = 0;

/**
 * Decodes a picture to be shown; the worker decodes it again, with the same decoder.
 * @throws Error in one sentence for what is no picture that this browser knows
 */
export async function openPicture(file: Blob, name: string, example?: string): Promise<Picture> {
  let bitmap: ImageBitmap;
  try {
    const isWebp = sniffFormat(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())) === 'webp';
    bitmap = (isWebp && (await uprightWebp(file, AS_STORED))) || (await createImageBitmap(file, AS_STORED));
  } catch {
    throw await undecodable(file, name);
  }
  const named = file instanceof File && file.name === name ? file : new File([file], name, { type: file.type });
  return {
    number: ++opened,
    name,
    file: named,
    width: bitmap.width,
    height: bitmap.height,
    bitmap,
    example,
    remark: undefined,
  };
}

/** Says what a file is, where that is known. */
async function undecodable(file: Blob, name: string): Promise<RfclipError> {
  const message = `${name} is no image that this browser can decode`;
  const head = await file
    .slice(0, HEAD_BYTES)
    .arrayBuffer()
    .catch(() => undefined);
  if (head === undefined) return new RfclipError(`${name} cannot be read`, { code: 'RFCLIP-IMAGE' });
  const bytes = new Uint8Array(head);
  const content = describeContent(bytes);
  const isKnown = !content.startsWith('is no picture');
  return new RfclipError(isKnown ? `${message}: it ${content}` : message, {
    code: 'RFCLIP-IMAGE',
    fix: sniffFormat(bytes) === 'unknown' ? wayOut(bytes) : 'it may be damaged: copy or download it again',
  });
}
