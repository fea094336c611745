import type { TourPicture } from './picture.ts';

/** Those of chapters 07 to 12: what becomes of CLIP's patches. */
export const DENSE_PICTURES: readonly TourPicture[] = [];
