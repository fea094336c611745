import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { decodeImage } from './decodeImage.ts';
import { ImageError, reasonOf } from './imageError.ts';
import type { ImageLimits } from './limits.ts';
import type { DecodedImage } from './types.ts';

/** Longer files cannot be read at once. */
export const MAXIMUM_FILE_BYTES = 2 ** 31 - 1;

/** `O_NONBLOCK` does not exist on Windows, and neither do the pipes it is for. */
const NON_BLOCKING_READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads and decodes a picture file, see `decodeImage`.
 *
 * @throws ImageError if there is no such readable file or it holds no usable picture
 */
export async function readImage(path: string, limits: ImageLimits = {}): Promise<DecodedImage> {
  return decodeImage(await readImageFile(path), path, limits);
}

/**
 * Reads the bytes of a picture file.
 *
 * @throws ImageError if it is missing, unreadable, a folder or no regular file, or longer than any picture within the
 *   limits
 */
export async function readImageFile(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe nobody writes to would wait for ever, hence the flag; for regular files it changes nothing.
    file = await open(path, NON_BLOCKING_READ);
    const status = await file.stat();
    if (status.isDirectory()) throw new ImageError(path, 'is a folder, expected a picture file');
    if (!status.isFile()) throw new ImageError(path, 'is not a regular file, expected a picture file');
    if (status.size > MAXIMUM_FILE_BYTES) {
      throw new ImageError(
        path,
        `has ${status.size} bytes, more than the limit of ${MAXIMUM_FILE_BYTES} for a picture file`,
      );
    }
    return await file.readFile();
  } catch (error) {
    throw error instanceof ImageError ? error : new ImageError(path, fileProblem(error), { cause: error });
  } finally {
    await file?.close();
  }
}

function fileProblem(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist, expected a picture file';
    case 'EACCES':
    case 'EPERM':
      return 'cannot be read: permission denied';
    case 'EISDIR':
      return 'is a folder, expected a picture file';
    default:
      return `cannot be read: ${reasonOf(error)}`;
  }
}
