import { RfclipError } from '../../engine/errors.ts';

/** What V8 says where it cannot make a buffer, in the words of Node 20 to 24. */
const ALLOCATION_FAILURE = /^(Array buffer allocation failed|Invalid (typed array|array buffer) length)/;

/** Whether an error means that a thread's heap was full, or that there was no memory for a buffer. */
export function isOutOfMemory(error: unknown): boolean {
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') return true;
  return error instanceof RangeError && ALLOCATION_FAILURE.test(error.message);
}

/** The error of an image that takes more memory than there is, with its label map or in the size it is resized to. */
export function decodeMemoryError(image: string, cause: unknown): RfclipError {
  return new RfclipError(`${image} or its label map needs more memory than there is to decode and resize it`, {
    code: 'RFCLIP-DECODE-MEMORY',
    where: image,
    cause,
  });
}
