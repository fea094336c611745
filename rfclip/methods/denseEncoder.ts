import type { ImageEncoder } from '../../clip/imageEncoder.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Trace } from '../trace.ts';

/** Dense features of a batch of equally sized images or windows, in the space shared with text; not normalised. */
export interface DenseFeatures {
  /** [B, N, E]: one feature per patch, row-major. */
  patches: Tensor;
  /** [B, E]: the feature of the whole image; or that which was given. */
  cls: Tensor;
}

export type { Trace };

/** How a method reads dense features out of an image tower. */
export interface DenseEncoder {
  /**
   * Whether an image's or window's features are the same whatever else is in its batch, so that several images may go
   * through the network together. Default false.
   */
  readonly keepsImagesApart?: boolean;
  /**
   * Records the forward pass of normalised images [B, 3, H, W]. `rfclip/README.md` lists what `trace` is given.
   * @param cls image features [images, E] that are known already: returned as they are, so that none need be computed;
   *   a method may leave them alone and return its own
   * @throws ShapeError when they hold no whole patch.
   */
  encode(encoder: ImageEncoder, images: Tensor, trace?: Trace, cls?: Tensor): DenseFeatures;
  /** Records only what the image feature [B, E] needs. */
  encodeClass(encoder: ImageEncoder, images: Tensor): Tensor;
}
