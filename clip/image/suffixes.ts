/** Ends of names that pictures have, in the order in which a data set's image is looked for; any case counts. */
export const PICTURE_SUFFIXES: readonly string[] = ['.jpg', '.jpeg', '.png', '.webp', '.bmp', '.gif'];

/** Ends of names of pictures, of those too that can be named and not read. */
const ANY_PICTURE = /\.(jpe?g|png|webp|bmp|gif|tiff?|avif|hei[cf]|jp2|jxl|ppm|pgm)$/i;

/** A name without the end that says it is a picture. */
export function withoutPictureSuffix(name: string): string {
  return name.replace(ANY_PICTURE, '');
}
