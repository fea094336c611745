import { CODE_PAGES, LATIN_1_LIKE_PAGES, decodeWindows1252, encodeInPage } from './codePages.ts';
import { looksLikeMojibake } from './mojibakeSigns.ts';

// Bytes are handled as strings of characters U+0000..U+00FF, so that regular expressions can be used on them.

/**
 * `à` as a word: UTF-8 C3 A0 whose A0 became a space and swallowed the real one. Not before the rest of Portuguese
 * "às", "àquele", "àquela", "àquilo".
 */
const LONE_A_GRAVE = /\xc3 (?! |quele|quela|quilo|s )/g;

/** UTF-8 with one continuation byte A0 turned into a space, where the repaired character is a likely one. */
const SPACE_FOR_A0 = new RegExp(
  [
    '[\\xc2\\xc3\\xc5\\xce\\xd0\\xd9] ',
    '[\\xe2\\xe3] [\\x80-\\x84\\x86-\\x9f\\xa1-\\xbf]',
    '[\\xe0-\\xe3][\\x80-\\x84\\x86-\\x9f\\xa1-\\xbf] ',
    '\\xf0 [\\x80-\\xbf]{2}',
    '\\xf0[\\x80-\\xbf] [\\x80-\\xbf]',
    '\\xf0[\\x80-\\xbf]{2} ',
  ].join('|'),
  'g',
);

/** UTF-8 or CESU-8 in which continuation bytes were lost: byte 1A in their place, or one question mark. */
const LOSSY_SEQUENCE = new RegExp(
  [
    '[\\xc2-\\xdf]\\x1a',
    '[\\xc2\\xc3]\\?',
    '\\xed[\\xa0-\\xaf][\\x1a?]\\xed[\\xb0-\\xbf][\\x1a?\\x80-\\xbf]',
    '\\xed[\\xa0-\\xaf][\\x1a?\\x80-\\xbf]\\xed[\\xb0-\\xbf][\\x1a?]',
    '[\\xe0-\\xef][\\x1a?][\\x1a\\x80-\\xbf]',
    '[\\xe0-\\xef][\\x1a\\x80-\\xbf][\\x1a?]',
    '[\\xf0-\\xf4][\\x1a?][\\x1a\\x80-\\xbf]{2}',
    '[\\xf0-\\xf4][\\x1a\\x80-\\xbf][\\x1a?][\\x1a\\x80-\\xbf]',
    '[\\xf0-\\xf4][\\x1a\\x80-\\xbf]{2}[\\x1a?]',
    '\\x1a',
  ].join('|'),
  'g',
);

/** U+FFFD in UTF-8. */
const REPLACEMENT_BYTES = '\xef\xbf\xbd';

/** A surrogate pair, each half in three bytes: what UTF-8 forbids and CESU-8 does. */
const CESU_8_PAIR = /\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])/g;

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Characters that a range of bytes shows in any of the pages that resemble Latin-1. */
function shownAs(from: number, to: number): string[] {
  return [...new Set(LATIN_1_LIKE_PAGES.flatMap((page) => page.characters.slice(from, to + 1)))];
}

/**
 * One or more characters of UTF-8 as a Latin-1-like page shows them, for finding mojibake inside sound text. No-break
 * spaces may have become spaces. It must not begin after another continuation byte, lest a fragment of a longer garble
 * be decoded; dashes, bullets and quotation marks do not count there, because sound text has them too.
 */
const EMBEDDED_MOJIBAKE = buildEmbeddedMojibake();

function buildEmbeddedMojibake(): RegExp {
  const continuation = shownAs(0x80, 0xbf);
  const strict = continuation.filter((character) => !'–—―‘’‚“”„•…'.includes(character)).join('');
  const next = `[ ${continuation.join('')}]`;
  const leadOfTwo = `[${shownAs(0xc2, 0xdf).join('')}]`;
  const leadOfThree = `[${shownAs(0xe0, 0xef).join('')}]`;
  // The other lead bytes of four belong to planes that hardly anyone uses; F3 begins the tags of flag emoji.
  const leadOfFour = `[${[...shownAs(0xf0, 0xf0), ...shownAs(0xf3, 0xf3)].join('')}]`;
  return new RegExp(`(?<![${strict}])(?:${leadOfTwo}${next}|${leadOfThree}${next}{2}|${leadOfFour}${next}{3})+`, 'gu');
}

/**
 * Undoes mojibake, as often as it was done: encodes the text in the first page that has all its characters and reads
 * the bytes as UTF-8; if that fails in every page, does the same with the parts that look misread; then reads C1
 * control characters as Windows-1252. Text without a sign of mojibake is returned as it is. Source: ftfy 6.3.1
 * `__init__.py: fix_encoding` and `fixes.py: restore_byte_a0, replace_lossy_sequences, decode_inconsistent_utf8,
 * fix_c1_controls`.
 */
export function repairMojibake(text: string): string {
  for (;;) {
    const repaired = repairOnce(text);
    if (repaired === text) return text;
    text = repaired;
  }
}

function repairOnce(text: string): string {
  if (!looksLikeMojibake(text)) return text;
  for (const page of CODE_PAGES) {
    let bytes = encodeInPage(page, text);
    if (bytes === undefined) continue;
    // In Mac Roman, D0 is the en dash, which people do write before a space.
    if (page.name !== 'macroman') bytes = restoreNoBreakSpaces(bytes);
    if (page.marksLostBytes) bytes = bytes.replace(LOSSY_SEQUENCE, REPLACEMENT_BYTES);
    const decoded = decodeUtf8Leniently(bytes);
    if (decoded !== undefined) return decoded;
  }
  const repaired = repairEmbedded(text);
  return repaired === text ? decodeWindows1252(text) : repaired;
}

function restoreNoBreakSpaces(bytes: string): string {
  return bytes.replace(LONE_A_GRAVE, '\xc3\xa0 ').replace(SPACE_FOR_A0, (sequence) => sequence.replaceAll(' ', '\xa0'));
}

function repairEmbedded(text: string): string {
  return text.replace(EMBEDDED_MOJIBAKE, (part) => {
    // A match of the whole text has been tried already and would recurse for ever.
    const isPart = part.length < text.length;
    return isPart && looksLikeMojibake(part) ? repairMojibake(part) : part;
  });
}

/**
 * Decodes UTF-8, also where surrogates are encoded one by one (CESU-8) and where U+0000 is C0 80 (Java).
 * Source: ftfy 6.3.1 `bad_codecs/utf8_variants.py`.
 * @returns undefined if the bytes are anything else
 */
function decodeUtf8Leniently(bytes: string): string | undefined {
  const standard = bytes
    .replaceAll('\xc0\x80', '\0')
    .replace(CESU_8_PAIR, (_, high2: string, high3: string, low2: string, low3: string) => {
      const codePoint =
        0x10000 + (((bits(high2, 0x0f) << 6) | bits(high3, 0x3f)) << 10) + ((bits(low2, 0x0f) << 6) | bits(low3, 0x3f));
      return String.fromCharCode(...encoder.encode(String.fromCodePoint(codePoint)));
    });
  try {
    return strictDecoder.decode(Uint8Array.from(standard, (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

function bits(byte: string, mask: number): number {
  return byte.charCodeAt(0) & mask;
}
