import type { RgbImage } from '../clip/image/types.ts';
import { FIRST_GLYPH, GLYPH_HEIGHT, GLYPH_WIDTH, GLYPHS } from './bitmapFont.ts';
import { fillRectangle, type Colour } from './canvas.ts';

const ELLIPSIS = '...';

/** Letters and signs that compatibility decomposition does not take apart. */
const FOLDED: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  đ: 'd',
  Đ: 'D',
  ł: 'l',
  Ł: 'L',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'Th',
  ı: 'i',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '−': '-',
  '×': 'x',
  '·': '.',
  '•': '*',
};

/**
 * Text in the characters the font has: accents are dropped, ligatures and full-width forms taken apart (Unicode NFKD),
 * a few letters spelled out, white space becomes a space and everything else a question mark.
 */
export function toAscii(text: string): string {
  let ascii = '';
  for (const character of text.normalize('NFKD')) {
    if (/\p{M}/u.test(character)) continue;
    if (/\s/u.test(character)) ascii += ' ';
    else if (character >= ' ' && character <= '~') ascii += character;
    else ascii += FOLDED[character] ?? '?';
  }
  return ascii;
}

/** The text cut to at most `length` characters, the last three of them dots if something was cut off. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length <= ELLIPSIS.length) return text.slice(0, Math.max(0, length));
  return text.slice(0, length - ELLIPSIS.length).trimEnd() + ELLIPSIS;
}

/**
 * Texts cut as `shorten` does; where two that differ would become one, those keep their ends instead and lose their
 * middles.
 */
export function shortenApart(texts: readonly string[], length: number): string[] {
  const cut = texts.map((text) => shorten(text, length));
  return texts.map((text, index) => {
    const isUnclear = cut.some((other, at) => other === cut[index] && texts[at] !== text);
    return isUnclear ? shortenMiddle(text, length) : cut[index];
  });
}

function shortenMiddle(text: string, length: number): string {
  const kept = length - ELLIPSIS.length;
  if (text.length <= length || kept < 2) return shorten(text, length);
  const end = Math.floor(kept / 2);
  return text.slice(0, kept - end) + ELLIPSIS + text.slice(text.length - end);
}

/**
 * Draws one line of ASCII text; what lies outside the canvas is left out.
 *
 * @param left, top upper left corner of the first character cell, in pixels
 * @param scale side of one font pixel in canvas pixels; a character takes 7 x 13 font pixels
 */
export function drawText(
  canvas: RgbImage,
  text: string,
  left: number,
  top: number,
  scale: number,
  colour: Colour,
): void {
  for (let i = 0; i < text.length; i++) {
    const glyph = GLYPHS[text.charCodeAt(i) - FIRST_GLYPH];
    for (let row = 0; row < GLYPH_HEIGHT; row++) {
      const bits = parseInt(glyph.slice(2 * row, 2 * row + 2), 16);
      for (let column = 0; column < GLYPH_WIDTH; column++) {
        if ((bits >> (GLYPH_WIDTH - 1 - column)) & 1) {
          fillRectangle(canvas, left + (i * GLYPH_WIDTH + column) * scale, top + row * scale, scale, scale, colour);
        }
      }
    }
  }
}
