import type { ImageLimits } from './limits.ts';
import { resizeBilinear } from './resizeBilinear.ts';
import type { RgbImage } from './types.ts';

/** Pictures of more pixels are not held in memory. */
export const MOST_HELD_PIXELS = 100_000_000;

/** What is needed of a picture. */
export interface PictureNeeds extends ImageLimits {
  /** The size to resize it to, from its own size; both upright. */
  resizeTo: (width: number, height: number) => { width: number; height: number };
  /** Whether the picture itself is needed, too. */
  shown: boolean;
  /** Leave the picture as it is stored, whatever its Exif orientation says. Default: turn it upright. */
  ignoreExif?: boolean;
  /** A picture of more pixels is not held in memory. Default: 100 million. */
  mostHeldPixels?: number;
}

/** A picture of which only what is needed is in memory. */
export interface Picture {
  /** Of the file, upright. */
  width: number;
  height: number;
  resized: RgbImage;
  /**
   * The picture itself; where it has more than 100 megapixels a smaller one, in which a pixel is the mean of a square.
   */
  shown: RgbImage | undefined;
  notices: string[];
}

/** A picture that is in memory already. */
export function pictureInMemory(image: RgbImage, notices: string[], { resizeTo, shown }: PictureNeeds): Picture {
  const { width, height } = resizeTo(image.width, image.height);
  return {
    width: image.width,
    height: image.height,
    resized: resizeBilinear(image, width, height),
    shown: shown ? image : undefined,
    notices,
  };
}
