/**
 * Blue for pixels predicted as labelled, orange for the others: they differ for colour-blind readers too. sRGB triples.
 */
export const RIGHT = [42, 108, 192] as const;
export const WRONG = [190, 72, 16] as const;
/** Below a heat map and below bars: in light, and where the reader prefers dark. */
export const PAPER = [242, 243, 245] as const;
export const DARK_PAPER = [29, 33, 37] as const;

/** Levels of sRGB, from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Opacity of a heat map's cell: the square root shows shares of a few percent, which is where confusions are. */
export function opacityOf(share: number): number {
  return Math.sqrt(share);
}

/**
 * Whether black or white is read more easily on a colour of that opacity over `PAPER`. Over `DARK_PAPER` it is white.
 */
export function inkOn(colour: Colour, opacity: number): 'black' | 'white' {
  const luminance = relativeLuminance(blend(colour, PAPER, opacity));
  return luminance + 0.05 > Math.sqrt(1.05 * 0.05) ? 'black' : 'white';
}

/** A colour of some opacity over another one. */
export function blend(colour: Colour, below: Colour, opacity: number): Colour {
  return [0, 1, 2].map((k) => opacity * colour[k] + (1 - opacity) * below[k]) as unknown as Colour;
}

/** From 0, black, to 1, white; the contrast of two is (larger + 0.05) / (smaller + 0.05) (WCAG 2.2). */
export function relativeLuminance(colour: Colour): number {
  const [red, green, blue] = colour.map((level) =>
    level <= 0.04045 * 255 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
