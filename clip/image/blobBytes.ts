import { ImageError, reasonOf } from './imageError.ts';

/** The bytes of a Blob or File. @throws ImageError where its file is gone, has changed, or may not be read */
export async function blobBytes(
  blob: { arrayBuffer(): Promise<ArrayBuffer> },
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new ImageError(name, `cannot be read: ${reasonOf(cause)}`, { cause });
  }
}
