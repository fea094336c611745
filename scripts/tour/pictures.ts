import { DENSE_PICTURES } from './densePictures.ts';
import type { TourPicture } from './picture.ts';
import { TRANSFORMER_PICTURES } from './transformerPictures.ts';

/** All pictures of docs/tour. */
export const PICTURES: readonly TourPicture[] = [...TRANSFORMER_PICTURES, ...DENSE_PICTURES];
