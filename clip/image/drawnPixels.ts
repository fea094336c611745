import { dropAlpha } from './dropAlpha.ts';
import { ImageError } from './imageError.ts';
import { checkPictureSize, type ImageLimits } from './limits.ts';
import type { DecodedImage } from './types.ts';

/** What browsers can draw. */
export type Drawable = ImageBitmap | HTMLCanvasElement | OffscreenCanvas;

/**
 * The pixels of what can be drawn; of transparent ones the colours that they have, as far as they are kept.
 * @throws ImageError for one that is too large
 */
export function drawnPixels(image: Drawable, name: string, limits: ImageLimits): DecodedImage {
  const { width, height } = image;
  checkPictureSize(width, height, name, limits);
  if (typeof OffscreenCanvas === 'undefined')
    throw new ImageError(name, 'cannot be read: this browser has no OffscreenCanvas');
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new ImageError(name, `has ${width} x ${height} pixels, more than this browser can draw`);
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: dropAlpha((isTransparent(data) && texturePixels(image)) || data), notices: [] };
}

function isTransparent(rgba: Uint8ClampedArray): boolean {
  for (let at = 3; at < rgba.length; at += 4) if (rgba[at] !== 255) return true;
  return false;
}

/**
 * The pixels by way of a texture, whose colours are not multiplied by alpha as those of a 2D canvas are; uint8
 * `[height, width, 4]`, or undefined where there is no WebGL, or none for such a size.
 */
function texturePixels(image: Drawable): Uint8Array | undefined {
  const { width, height } = image;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (gl === null) return undefined;
  try {
    if (Math.max(width, height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return undefined;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, gl.RGBA, gl.UNSIGNED_BYTE, image);
    gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    const rgba = new Uint8Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
    return gl.getError() === gl.NO_ERROR ? rgba : undefined;
  } finally {
    // Browsers allow few contexts at once.
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
