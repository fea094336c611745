/**
 * The colour map of PASCAL VOC: the bits of the class index are dealt out in turn to red, green and blue, from the most
 * significant bit of each channel down (VOC development kit, VOCcolormap). Neighbouring indices get distant colours,
 * and every index below 2^24 has a colour of its own. Index 0 is black.
 *
 * @param count number of classes
 * @returns RGB triples, uint8 `[count, 3]`
 */
export function vocPalette(count: number): Uint8Array {
  const palette = new Uint8Array(count * 3);
  for (let index = 0; index < count; index++) {
    for (let bit = 0; bit < 24; bit++) {
      if ((index >> bit) & 1) palette[index * 3 + (bit % 3)] |= 1 << (7 - Math.floor(bit / 3));
    }
  }
  return palette;
}

/** The same palette continued with VOC colours up to `count` classes; unchanged if it has as many already. */
export function extendPalette(palette: Uint8Array, count: number): Uint8Array {
  if (palette.length >= count * 3) return palette;
  const extended = vocPalette(count);
  extended.set(palette);
  return extended;
}
