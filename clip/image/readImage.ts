import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ByteSource } from './byteSource.ts';
import { fileSource } from './fileSource.ts';
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
 * @throws ImageError if it is missing, unreadable, a folder or no regular file, or too long to be read at once
 */
export async function readImageFile(path: string): Promise<Uint8Array> {
  return withImageFile(path, (file) => file.readAll());
}

/** A picture file that is open. */
export interface OpenImageFile {
  /** Its bytes, read where they are asked for. */
  source: ByteSource;
  /** All of them at once. */
  readAll: () => Promise<Uint8Array>;
}

/**
 * Opens a picture file, and closes it once `use` has ended.
 * @throws ImageError as `readImageFile`; what `use` throws
 */
export async function withImageFile<Result>(
  path: string,
  use: (file: OpenImageFile) => Promise<Result>,
): Promise<Result> {
  const failed = (cause: unknown) => new ImageError(path, fileProblem(cause), { cause });
  // Opening a pipe nobody writes to would wait for ever, hence the flag; for regular files it changes nothing.
  const file = await open(path, NON_BLOCKING_READ).catch((cause: unknown) => {
    throw failed(cause);
  });
  try {
    const status = await file.stat().catch((cause: unknown) => {
      throw failed(cause);
    });
    if (status.isDirectory()) throw new ImageError(path, 'is a folder, expected a picture file');
    if (!status.isFile()) throw new ImageError(path, 'is not a regular file, expected a picture file');
    return await use({
      source: fileSource(file.fd, status.size, failed),
      readAll: () => {
        if (status.size > MAXIMUM_FILE_BYTES) {
          const problem = `has ${status.size} bytes, more than the limit of ${MAXIMUM_FILE_BYTES} for a picture file`;
          throw new ImageError(path, problem);
        }
        return file.readFile().catch((cause: unknown) => {
          throw failed(cause);
        });
      },
    });
  } finally {
    await file.close();
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
