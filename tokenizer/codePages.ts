/**
 * The single-byte encodings in which UTF-8 text is most often misread. A page lists the characters of bytes 0x80..0xFF;
 * a dot stands for the character whose code is the byte itself, which is also how unassigned bytes are read. Source:
 * the Unicode Consortium's mapping tables (MAPPINGS/VENDORS, MAPPINGS/ISO8859), unassigned bytes as in the "sloppy"
 * codecs of ftfy 6.3.1 `bad_codecs/sloppy.py`.
 */
export interface CodePage {
  name: string;
  /**
   * Whether U+FFFD is accepted as a character of this page: it encodes to byte 0x1A, which then means "a byte was
   * lost".
   */
  marksLostBytes: boolean;
  /** Character of every byte 0..255. */
  characters: string[];
  byteOf: Map<string, number>;
}

/** The byte that stands for a character lost in an earlier conversion. */
const LOST_BYTE = 0x1a;

const ASCII_LIKE = '................................';

const LATIN_1 = ASCII_LIKE.repeat(4);

const WINDOWS_1252 = '€.‚ƒ„…†‡ˆ‰Š‹Œ.Ž..‘’“”•–—˜™š›œ.žŸ' + ASCII_LIKE.repeat(3);

const WINDOWS_1251 =
  'ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—.™љ›њќћџ' +
  '.ЎўЈ.Ґ..Ё.Є....Ї..Ііґ...ё№є.јЅѕї' +
  'АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ' +
  'абвгдежзийклмнопрстуфхцчшщъыьэюя';

const WINDOWS_1250 =
  '€.‚.„…†‡.‰Š‹ŚŤŽŹ.‘’“”•–—.™š›śťžź' +
  '.ˇ˘Ł.Ą....Ş....Ż..˛ł.....ąş.Ľ˝ľż' +
  'Ŕ..Ă.ĹĆ.Č.Ę.Ě..ĎĐŃŇ..Ő..ŘŮ.Ű..Ţ.' +
  'ŕ..ă.ĺć.č.ę.ě..ďđńň..ő..řů.ű..ţ˙';

const WINDOWS_1253 =
  '€.‚ƒ„…†‡.‰.‹.....‘’“”•–—.™.›....' +
  '.΅Ά............―....΄...ΈΉΊ.Ό.ΎΏ' +
  'ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ.ΣΤΥΦΧΨΩΪΫάέήί' +
  'ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ.';

const WINDOWS_1254 =
  '€.‚ƒ„…†‡ˆ‰Š‹Œ....‘’“”•–—˜™š›œ..Ÿ' +
  ASCII_LIKE +
  '................Ğ............İŞ.' +
  '................ğ............ış.';

const WINDOWS_1257 =
  '€.‚.„…†‡.‰.‹.¨ˇ¸.‘’“”•–—.™.›.¯˛.' +
  '........Ø.Ŗ....Æ........ø.ŗ....æ' +
  'ĄĮĀĆ..ĘĒČ.ŹĖĢĶĪĻŠŃŅ.Ō...ŲŁŚŪ.ŻŽ.' +
  'ąįāć..ęēč.źėģķīļšńņ.ō...ųłśū.żž˙';

const ISO_8859_2 =
  ASCII_LIKE +
  '.Ą˘Ł.ĽŚ..ŠŞŤŹ.ŽŻ.ą˛ł.ľśˇ.šşťź˝žż' +
  'Ŕ..Ă.ĹĆ.Č.Ę.Ě..ĎĐŃŇ..Ő..ŘŮ.Ű..Ţ.' +
  'ŕ..ă.ĺć.č.ę.ě..ďđńň..ő..řů.ű..ţ˙';

const MAC_ROMAN =
  'ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü' +
  '†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø' +
  '¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›\ufb01\ufb02' +
  '‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ';

const CODE_PAGE_437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ' +
  'áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀' +
  'αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

/** All pages, in the order in which they are tried. Source: ftfy 6.3.1 `chardata.py: CHARMAP_ENCODINGS`. */
export const CODE_PAGES: readonly CodePage[] = [
  buildPage('latin-1', LATIN_1, false),
  buildPage('windows-1252', WINDOWS_1252, true),
  buildPage('windows-1251', WINDOWS_1251, true),
  buildPage('windows-1250', WINDOWS_1250, true),
  buildPage('windows-1253', WINDOWS_1253, true),
  buildPage('windows-1254', WINDOWS_1254, true),
  buildPage('windows-1257', WINDOWS_1257, true),
  buildPage('iso-8859-2', ISO_8859_2, false),
  buildPage('macroman', MAC_ROMAN, false),
  buildPage('cp437', CODE_PAGE_437, false),
];

/** The pages that agree with Latin-1 on where letters and symbols lie; misread UTF-8 looks alike in all of them. */
export const LATIN_1_LIKE_PAGES: readonly CodePage[] = CODE_PAGES.slice(0, 7);

function buildPage(name: string, upperHalf: string, marksLostBytes: boolean): CodePage {
  const upper = [...upperHalf];
  const characters = Array.from({ length: 256 }, (_, byte) => {
    const character = byte < 0x80 ? '.' : upper[byte - 0x80];
    return character === '.' ? String.fromCharCode(byte) : character;
  });
  if (marksLostBytes) characters[LOST_BYTE] = '\ufffd';
  return { name, marksLostBytes, characters, byteOf: new Map(characters.map((character, byte) => [character, byte])) };
}

/**
 * Encodes a text in a page.
 * @returns the bytes as a string of characters U+0000..U+00FF, or undefined if the page lacks a character
 */
export function encodeInPage(page: CodePage, text: string): string | undefined {
  let bytes = '';
  for (const character of text) {
    const byte = page.byteOf.get(character);
    if (byte === undefined) return undefined;
    bytes += String.fromCharCode(byte);
  }
  return bytes;
}

/**
 * Reads the C1 control characters U+0080..U+009F of a text as the Windows-1252 characters of the same bytes; the five
 * bytes without a character stay.
 */
export function decodeWindows1252(text: string): string {
  return text.replace(/[\u0080-\u009f]/g, (control) => CODE_PAGES[1].characters[control.charCodeAt(0)]);
}
