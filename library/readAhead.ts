import { ImageError } from '../clip/image/imageError.ts';
import { type AbortSignalLike, unlessAborted } from '../system/abort.ts';
import { handledLater } from '../system/handledLater.ts';
import { nextTurn } from '../system/platform.ts';
import { describe } from './describe.ts';
import type { ImageInput } from './images.ts';

/** Several images: a list, or whatever else can be iterated. */
export type ImageSource = Iterable<ImageInput> | AsyncIterable<ImageInput>;

/** How many images there will be, where the source tells. */
export function countOf(images: ImageSource): number | undefined {
  if (Array.isArray(images)) return images.length;
  return images instanceof Set ? images.size : undefined;
}

/**
 * The images of a source in order. The next is asked for and begins to load while the one before it is in use.
 *
 * @param load its promise may reject: that is the user's to handle
 * @throws ImageError for what cannot be iterated; what the source throws; the signal's reason once it is aborted
 */
export async function* readAhead<Loaded>(
  images: ImageSource,
  load: (input: ImageInput, index: number) => Promise<Loaded>,
  signal: AbortSignalLike | undefined,
): AsyncGenerator<{ input: ImageInput; loading: Promise<Loaded> }, void, undefined> {
  const iterator = iteratorOf(images);
  let index = 0;
  let isAsked = false;
  let hasEnded = false;
  const next = async () => {
    // The device should get its work first: decoding keeps this thread busy.
    await nextTurn();
    if (hasEnded) return undefined;
    isAsked = true;
    try {
      const { done, value } = await iterator.next();
      if (done === true) hasEnded = true;
      if (hasEnded) return undefined;
      const input = value as ImageInput;
      return { input, loading: handledLater(load(input, index++)) };
    } catch (error) {
      hasEnded = true;
      throw error;
    } finally {
      isAsked = false;
    }
  };
  let pending = next();
  try {
    for (;;) {
      const current = await unlessAborted(pending, signal);
      if (current === undefined) return;
      pending = handledLater(next());
      yield current;
    }
  } finally {
    if (!hasEnded) {
      hasEnded = true;
      const returned = iterator.return?.();
      // A source that owes an answer may take long to give it, or for ever.
      if (isAsked) Promise.resolve(returned).catch(() => {});
      else await returned;
    }
  }
}

function iteratorOf(images: ImageSource): Iterator<ImageInput> | AsyncIterator<ImageInput> {
  if (typeof images === 'object' && images !== null && !ArrayBuffer.isView(images)) {
    if (Symbol.asyncIterator in images) return images[Symbol.asyncIterator]();
    if (Symbol.iterator in images) return images[Symbol.iterator]();
  }
  throw new ImageError('the list of images', `is ${describe(images)}, expected an array or anything else to iterate`, {
    fix: 'give a single image to segment',
  });
}
