import { ClassListError } from './classListError.ts';

/** Commas and semicolons as other scripts and keyboards write them, with the spaces around them. */
const ANY_COMMA = /\s*[,\uFF0C\u3001\uFE50\uFF64\u060C]\s*/u;
const ANY_SEMICOLON = /\s*[;\uFF1B\uFE54\u061B]\s*/u;
const ANY_SEPARATOR = new RegExp(`${ANY_COMMA.source}|${ANY_SEMICOLON.source}`, 'u');

/** What no word holds, and how to call it: each means that a list was written in a way that is not understood. */
const SUSPICIOUS: readonly (readonly [RegExp, string])[] = [
  [/\t/, 'a tab'],
  [/[\n\r\u2028\u2029]/, 'a line break'],
  [/\p{Cc}/u, 'a control character'],
  [/[\u200B\u2060\uFEFF]/u, 'an invisible character'],
  [/[|\uFF5C]/u, 'a vertical bar'],
  [/^["“”[{]|["“”\]}]$|^'.*'$|^‘.*’$/u, 'a quotation mark or bracket'],
  [/[:\uFF1A]($|\s)/u, 'a colon'],
  [/^#/, 'a "#" at its beginning'],
];

/** Words of a line that are numbered, as in `1: cat`, or that follow a bullet. */
const NUMBERED = /^\s*(\d+)\s*[:.)\]\t ,;]\s*\S/;
const BULLET = /^\s*[-*•]\s+\S/u;

/**
 * Takes a typed list apart: commas separate classes, semicolons synonyms, in any script. Spaces around words go.
 * @returns the words of every class
 */
export function splitTypedList(text: string): string[][] {
  return text.split(ANY_COMMA).map((part) => part.split(ANY_SEMICOLON).map((word) => word.trim()));
}

/**
 * Takes a line of a class file apart. The published lists separate synonyms by a comma and one space; words are then
 * kept as they are, spaces at their ends included (RF-CLIP, `custom_segmentor.py`, `get_cls_idx`). A comma or semicolon
 * that is left over separates as well.
 */
export function splitFileLine(line: string): string[] {
  const words = line.split(', ');
  return words.some((word) => ANY_SEPARATOR.test(word)) ? line.trim().split(ANY_SEPARATOR) : words;
}

/**
 * Refuses what would otherwise be swallowed into one word.
 * @param place how the error calls the line or class
 * @param advice how to write it
 * @throws ClassListError
 */
export function checkWordShape(word: string, place: string, advice: string): void {
  const shape = word.trim();
  const found = SUSPICIOUS.find(([pattern]) => pattern.test(shape));
  if (found === undefined) return;
  throw new ClassListError(`${place} has ${found[1]} in ${JSON.stringify(shape)}, expected words; ${advice}.`, place);
}

/**
 * Refuses a file whose lines are numbered, or all follow bullets: numbers and bullets would become part of the words.
 * @throws ClassListError
 */
export function checkUnnumbered(lines: readonly string[], where: string): void {
  const numbers = lines.map((line) => NUMBERED.exec(line)?.[1]);
  const counts = (number: string | undefined, index: number) =>
    number !== undefined && Number(number) === Number(numbers[0]) + index;
  const what = numbers.every(counts) ? 'a number' : lines.every((line) => BULLET.test(line)) ? 'a bullet' : undefined;
  if (lines.length < 2 || what === undefined) return;
  throw new ClassListError(
    `${where} has ${what} before every class, expected names only: the first line is class 0, the next one class 1.`,
    where,
  );
}
