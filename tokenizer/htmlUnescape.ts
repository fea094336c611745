import { decodeWindows1252 } from './codePages.ts';
import { readHtmlEntities } from './dataFiles.ts';

/** Longest run of characters after `&` that is tried as a name. */
const LONGEST_NAME = 32;

const REFERENCE = new RegExp(`&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\\t\\n\\f <&#;]{1,${LONGEST_NAME}};?))`, 'gu');

let table: Map<string, string> | undefined;

/**
 * HTML's named character references: the name as written after `&` (with its `;`, or without where HTML allows that) ->
 * text. Source: HTML standard, "Named character references"; 2,231 names.
 */
export function namedReferences(): Map<string, string> {
  table ??= new Map(Object.entries(readHtmlEntities()));
  return table;
}

/**
 * Replaces HTML character references once, as Python's `html.unescape` does: `&amp;`, `&amp` (old names need no
 * semicolon, and the longest name that starts an unknown one counts: `&notit` is `¬it`), `&#39;`, `&#x27;`. Numbers
 * 128..159 mean Windows-1252; surrogates, 0 and numbers above U+10FFFF become U+FFFD; other forbidden control
 * characters and non-characters vanish. Source: Python 3 `html/__init__.py: unescape`, after the HTML standard's
 * "numeric character reference end state".
 */
export function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(REFERENCE, (whole: string, decimal?: string, hexadecimal?: string, name?: string) => {
    if (decimal !== undefined) return decodeNumber(Number.parseInt(decimal, 10));
    if (hexadecimal !== undefined) return decodeNumber(Number.parseInt(hexadecimal, 16));
    return decodeName(name ?? '') ?? whole;
  });
}

function decodeNumber(number: number): string {
  if (number === 0 || number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) return '\ufffd';
  if (number === 0x0d) return '\r';
  if (number >= 0x80 && number <= 0x9f) return decodeWindows1252(String.fromCodePoint(number));
  return isForbidden(number) ? '' : String.fromCodePoint(number);
}

function isForbidden(number: number): boolean {
  const isControl = number <= 0x08 || number === 0x0b || (number >= 0x0e && number <= 0x1f) || number === 0x7f;
  const isNonCharacter = (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) === 0xfffe;
  return isControl || isNonCharacter;
}

function decodeName(name: string): string | undefined {
  const names = namedReferences();
  for (let length = name.length; length > 1; length--) {
    const text = names.get(name.slice(0, length));
    if (text !== undefined) return text + name.slice(length);
  }
  return undefined;
}
