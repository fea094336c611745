import { describeContent, HEAD_BYTES, sniffFormat, wayOut } from '../../clip/image/sniff.ts';
import { RfclipError } from '../../engine/errors.ts';
import type { Picture } from '../state/appState.ts';
import { uprightWebp } from './uprightWebp.ts';

const AS_STORED = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;

let opened = 0;

/**
 * Decodes a picture to be shown; the worker decodes it again, to the pixels that Node has.
 * @throws Error in one sentence for what is no picture that this browser knows
 */
export async function openPicture(file: Blob, name: string, example?: string): Promise<Picture> {
  const head = await headOf(file, name);
  let bitmap: ImageBitmap;
  try {
    const isWebp = sniffFormat(head) === 'webp';
    bitmap = (isWebp && (await uprightWebp(file, AS_STORED))) || (await createImageBitmap(file, AS_STORED));
  } catch {
    throw undecodable(head, name);
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

/** What tells what a file is. @throws RfclipError */
async function headOf(file: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch (cause) {
    throw new RfclipError(`${name} cannot be read`, { code: 'RFCLIP-IMAGE', cause });
  }
}

/** Says what a file is, where that is known. */
function undecodable(head: Uint8Array, name: string): RfclipError {
  const message = `${name} is no image that this browser can decode`;
  const content = describeContent(head);
  const isKnown = !content.startsWith('is no picture');
  return new RfclipError(isKnown ? `${message}: it ${content}` : message, {
    code: 'RFCLIP-IMAGE',
    fix: sniffFormat(head) === 'unknown' ? wayOut(head) : 'it may be damaged: copy or download it again',
  });
}
