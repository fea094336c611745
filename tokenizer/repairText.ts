import { decodeWindows1252 } from './codePages.ts';
import { namedReferences, unescapeHtml } from './htmlUnescape.ts';
import { repairMojibake } from './mojibake.ts';

/** Ligatures and digraphs of Latin letters that are taken apart; æ and œ are letters of their own. */
const LIGATURES: Record<string, string> = {
  Ĳ: 'IJ',
  ĳ: 'ij',
  ŉ: 'ʼn',
  Ǆ: 'DŽ',
  ǅ: 'Dž',
  ǆ: 'dž',
  Ǉ: 'LJ',
  ǈ: 'Lj',
  ǉ: 'lj',
  Ǌ: 'NJ',
  ǋ: 'Nj',
  ǌ: 'nj',
  Ǳ: 'DZ',
  ǲ: 'Dz',
  ǳ: 'dz',
  '\ufb00': 'ff',
  '\ufb01': 'fi',
  '\ufb02': 'fl',
  '\ufb03': 'ffi',
  '\ufb04': 'ffl',
  '\ufb05': 'ſt',
  '\ufb06': 'st',
};
const LIGATURE = new RegExp(`[${Object.keys(LIGATURES).join('')}]`, 'g');

const ENTITY = /&#?[0-9A-Za-z]{1,24};/g;

const TERMINAL_ESCAPE = /\u001b\[[\p{Nd};]*[a-zA-Z]/gu;

/** Control characters without a displayed effect; tabs, line breaks and form feeds stay. */
const CONTROL = /[\u0000-\u0008\u000b\u000e-\u001f\u007f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;

/**
 * Repairs a text: HTML entities, mojibake, ligatures, full-width and half-width forms, curly quotes, line breaks, lone
 * surrogates, terminal escapes, control characters, NFC; line by line, and each line until nothing changes any more.
 * Entities are left alone from the first line with a `<` on, because such text may be real HTML.
 *
 * Source: ftfy 6.3.1 `__init__.py: fix_text` with its default settings. Not covered: the settings themselves, and its
 * cut of lines after a million characters. Normalisation, case and character classes follow the Unicode version of the
 * JavaScript engine, which may know characters that the Python in use did not.
 *
 * @param text any string, lone surrogates included
 */
export function repairText(text: string): string {
  let mayUnescape = true;
  let repaired = '';
  for (const line of text.split(/(?<=\n)/)) {
    if (line.includes('<')) mayUnescape = false;
    repaired += repairLine(line, mayUnescape);
  }
  return repaired;
}

function repairLine(line: string, mayUnescape: boolean): string {
  for (;;) {
    const repaired = repairLineOnce(line, mayUnescape);
    if (repaired === line) return line;
    line = repaired;
  }
}

// The order matters: each step may produce what a later one handles.
function repairLineOnce(line: string, mayUnescape: boolean): string {
  let text = mayUnescape ? line.replace(ENTITY, decodeEntity) : line;
  text = decodeWindows1252(repairMojibake(text));
  text = text.replace(LIGATURE, (ligature) => LIGATURES[ligature]);
  text = text.replace(/[\uff01-\uffef]/g, (form) => form.normalize('NFKC')).replaceAll('\u3000', ' ');
  text = text.replace(/[\u201c-\u201f]/g, '"').replace(/[\u02bc\u2018-\u201b]/g, "'");
  text = text.replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n');
  text = text.replace(/\p{Surrogate}/gu, '\ufffd');
  text = text.replace(TERMINAL_ESCAPE, '').replace(CONTROL, '');
  return text.normalize('NFC');
}

/**
 * Decodes an entity that ends in a semicolon; small-letter names also count in capitals (`&NTILDE;`) where HTML has no
 * such name. Source: ftfy 6.3.1 `fixes.py: unescape_html`, `chardata.py: HTML_ENTITIES`.
 */
function decodeEntity(entity: string): string {
  if (entity.startsWith('&#')) {
    const decoded = unescapeHtml(entity);
    return decoded.includes(';') ? entity : decoded;
  }
  const name = entity.slice(1);
  return namedReferences().get(name) ?? decodeCapitals(entity, name) ?? entity;
}

function decodeCapitals(entity: string, name: string): string | undefined {
  const small = name.toLowerCase();
  // A capital name whose beginning HTML itself would decode is ambiguous.
  if (name !== small.toUpperCase() || unescapeHtml(entity) !== entity) return undefined;
  return namedReferences().get(small)?.toUpperCase();
}
