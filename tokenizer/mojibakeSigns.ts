/**
 * Decides whether a text looks like mojibake: UTF-8 that was read in a single-byte encoding. Such text puts characters
 * side by side that people do not write: an accented capital after a small letter, a currency sign after a letter, box
 * drawings amid words. Source of the facts (which characters, which neighbours): ftfy 6.3.1 `badness.py`, by Robyn
 * Speer.
 */

/** Classes of the characters that occur in known mojibake, as members of a regular expression's character class. */
const CLASSES = {
  c1: '\\u0080-\\u009f',
  harmless: '\\u00a0\\u00ad´·–—―’…',
  suspicious: '¤¦¨ª¬¯¸ºƒˆˇ˘˛˜†‡‰⌐◊\\ufffd',
  law: '§¶',
  currency: '¢£¥₧€',
  opening: '¡©«¿΄΅‘‚“„•‹\\uf8ff',
  closing: '®»˝”›™',
  numeric: '±²³µ¹¼½¾×÷⁄№∂∆∏∑√∞∩∫≈≠≡≤≥',
  // Vowels that emoticon faces are made of: accepted in more surroundings than other accented letters.
  face: '°ÒÓÔÕÖÙÚÛÜòóôõöøùúûüŌŐŪŲ',
  upper: 'À-ÑØÜÝĀĂĄĆČĎĐĒĖĘĚĞĢĪİĶĹĻĽŁŃŅŇŒŘŚŞŠŢŤŮŰŸŹŻŽҐ',
  lower: 'ß-ñüāăąćčďđēėęěğģīįķĺļľłœŕśşšťźżžґ\\ufb01\\ufb02',
  // Letters of Greek and Cyrillic words and the thorn, which are as likely to be meant as not.
  upperForeign: 'ÞΆΈ-ΊΌΎΏΑ-ΫЁ-Я',
  lowerForeign: 'ά-ωа-џ',
  box: '│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓',
} as const;

type ClassName = keyof typeof CLASSES;

const SPACE = '[\\p{White_Space}\\u001c-\\u001f]';
const WORD_CHARACTER = '[\\p{L}\\p{N}_]';

/** A character class made of named classes and further members. */
function oneOf(names: readonly ClassName[], others = ''): string {
  return `[${names.map((name) => CLASSES[name]).join('')}${others}]`;
}

const MARKED: readonly ClassName[] = ['lower', 'upper', 'box', 'opening', 'closing', 'currency', 'numeric', 'law'];

/** Two neighbours that give a text away: any character of the first classes before any of the second. */
const TELLING_NEIGHBOURS: ReadonlyArray<readonly [first: readonly ClassName[], second: readonly ClassName[]]> = [
  [['suspicious', ...MARKED], ['suspicious']],
  [['suspicious'], MARKED],
  [['lower', 'lowerForeign', 'box', 'closing', 'currency', 'numeric'], ['upper']],
  [['box', 'closing', 'currency', 'numeric'], ['lower']],
  [['lower', 'box', 'closing'], ['currency']],
  [
    ['upper', 'box'],
    ['numeric', 'law'],
  ],
  [['currency', 'numeric', 'box'], ['opening']],
  [['box'], ['face']],
  [['lower', 'upper', 'currency', 'numeric', 'opening', 'closing', 'law'], ['box']],
  [['box'], ['closing']],
];

/** Signs that need more context than two classes. */
const TELLING_SEQUENCES: readonly string[] = [
  oneOf(['c1']),
  `[a-zA-Z]${oneOf(['lowerForeign', 'upperForeign'])}${oneOf(['suspicious'])}`,
  `${SPACE}${oneOf(['upper'])}${oneOf(['currency'])}`,
  `${oneOf(['lower', 'upper', 'box', 'currency', 'closing'])}${oneOf(['opening'])}${oneOf(['numeric'])}`,
  `${oneOf(['lower', 'upper', 'currency', 'numeric', 'box', 'law'])}${oneOf(['closing'])}${oneOf(['opening'])}`,
  `[a-z]${oneOf(['upper'])}${oneOf(['opening', 'currency'])}`,
  `${oneOf(['lower', 'upper'])}${oneOf(['opening', 'closing'])}${WORD_CHARACTER}`,
  '[Œœ][^A-Za-z]',
  `${oneOf(['upper'])}°`,
];

/** Signs of one encoding: the lead bytes of frequent characters, as that encoding shows them, and what follows them. */
const SIGNS_BY_ENCODING: Record<string, readonly string[]> = {
  windows1252: [
    `[ÂÃÎÐ]${oneOf(['opening', 'closing'], '€œŠš¢£Ÿž\\u00a0\\u00ad®©°·»–—´')}`,
    '×[²³]',
    // Arabic: the second characters are common ones, so two pairs in a row are asked for.
    `(?:[ØÙ]${oneOf(['harmless', 'currency', 'suspicious', 'numeric', 'opening'], 'ŸŠ®°µ»')}){2}`,
    // The scripts of South Asia.
    'à[²µ¹¼½¾]',
    // The letters a with grave and a with acute, and the no-break space, also where it has become a space.
    'Ã[\\u00a0¡]',
    `[a-z]${SPACE}?[ÃÂ] `,
    '^[ÃÂ] ',
    `[a-z.,?!${CLASSES.closing}]Â${oneOf(['opening', 'closing'], ' ')}`,
  ],
  macRoman: ['√[±∂†≠®™´≤≥¥µø]', '≈[°¢]', '‚Ä[ìîïòôúùû†°¢π]', '‚[âó][àä°ê]'],
  windows1251: [
    'вЂ',
    `[ВГРС]${oneOf(['c1', 'suspicious', 'opening', 'closing', 'currency'], '°µ')}[ВГРС]`,
    // Misread twice: Windows-1252 symbols through Latin-1, then through Windows-1251.
    'ГўВЂВ[^\\n][A-Za-z ]',
  ],
  windows1253: [
    'β€[™\\u00a0Ά\\u00ad®°]',
    `[ΒΓΞΟ]${oneOf(['c1', 'suspicious', 'opening', 'closing', 'currency'], '°')}[ΒΓΞΟ]`,
  ],
  windows1257: ['ā€'],
};

const SIGN = new RegExp(
  [
    ...TELLING_NEIGHBOURS.map(([first, second]) => oneOf(first) + oneOf(second)),
    ...TELLING_SEQUENCES,
    ...Object.values(SIGNS_BY_ENCODING).flat(),
  ].join('|'),
  'u',
);

/**
 * Whether a text holds at least one sign of mojibake.
 * Source: ftfy 6.3.1 `badness.py: is_bad`.
 */
export function looksLikeMojibake(text: string): boolean {
  return SIGN.test(text);
}
