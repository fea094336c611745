/**
 * Colours of classes, without black and apart from each other for colour-blind readers too. The first seven are those
 * of Okabe and Ito (Color Universal Design, 2008) but black. Each of the others is the one of 4096 colours, neither
 * grey nor almost black or white, that stays farthest in CIELAB from black and all before it, for normal sight and for
 * protanopia, deuteranopia and tritanopia as Machado, Oliveira and Fernandes simulate them (2009); from the 21st on,
 * normal sight, which has more room, is held to twice the distance. A test has the distances.
 */
const CLASS_COLOURS = [
  'e69f00 56b4e9 009e73 f0e442 0072b2 d55e00 cc79a7 8800ff 663311 bbee99 4422aa 553366 00ffdd bb55ff ee0055 ccaa55',
  '771133 885577 99ff77 88cc99 eeccff aa1199 557744 9999ff 665500 ff22cc 99cc33 661177 cc7744 4455cc 33cc77 eeaabb',
  'aa0055 dd6677 ff66cc ddeebb dd0022 6611cc dd0088 bb2233 88dddd cc00dd 8877aa ffcc55 114433 ff99ff 44ee77 2200dd',
  '996622 aa77dd ccff00 555599 7733aa bb22ff cc9966 999922 00ccdd bb8899 882277 ff6633 cccc66 dd2266 881155 aa5544',
].flatMap((line) => line.split(' '));
/** Of a channel, in what comes after them: no colour is nearly black. */
const LOWEST_LEVEL = 56;

/**
 * The colours of a class list. The background, if there is one, is black, and no other class is; the first 64 others
 * stay apart for colour-blind readers, by less the more they are, and all 65535 that a list may have differ.
 *
 * @param count number of classes
 * @param background index of the background, where a class is that
 * @returns RGB triples by class index, uint8 `[count, 3]`
 */
export function classPalette(count: number, background?: number): Uint8Array {
  const palette = new Uint8Array(count * 3);
  let rank = 0;
  for (let index = 0; index < count; index++) {
    if (index !== background) palette.set(classColour(rank++), index * 3);
  }
  return palette;
}

function classColour(rank: number): readonly number[] {
  if (rank < CLASS_COLOURS.length) return [0, 2, 4].map((at) => parseInt(CLASS_COLOURS[rank].slice(at, at + 2), 16));
  return vocColour(rank).map((level) => 255 - Math.round((level * (255 - LOWEST_LEVEL)) / 255));
}

/**
 * A palette that was published, with another colour for every class that it draws in black and that is not the
 * background: the one of its place in `classPalette`.
 *
 * @param palette RGB triples, uint8 `[K, 3]`; not changed
 */
export function withoutBlack(palette: Uint8Array, background?: number): Uint8Array {
  const mended = palette.slice();
  for (let index = 0; index < palette.length / 3; index++) {
    const colour = palette.subarray(index * 3, index * 3 + 3);
    if (index !== background && colour.every((level) => level === 0)) mended.set(classColour(index), index * 3);
  }
  return mended;
}

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
  for (let index = 0; index < count; index++) palette.set(vocColour(index), index * 3);
  return palette;
}

function vocColour(index: number): number[] {
  const colour = [0, 0, 0];
  for (let bit = 0; bit < 24; bit++) {
    if ((index >> bit) & 1) colour[bit % 3] |= 1 << (7 - Math.floor(bit / 3));
  }
  return colour;
}

/** The same palette continued with VOC colours up to `count` classes; unchanged if it has as many already. */
export function extendPalette(palette: Uint8Array, count: number): Uint8Array {
  if (palette.length >= count * 3) return palette;
  const extended = vocPalette(count);
  extended.set(palette);
  return extended;
}
