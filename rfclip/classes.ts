import { RfclipError } from '../engine/errors.ts';

/** A class list that cannot be used; the message names the argument, or the file and line. */
export class ClassListError extends RfclipError {
  constructor(message: string, where: string, fix?: string) {
    super(message, { code: 'RFCLIP-CLASSES', where, fix });
  }
}

/** One class: what it is called in results, and every word whose text feature stands for it. */
export interface SegmentationClass {
  /** The first word, without spaces at its ends. */
  name: string;
  /** The words as they were written, the first one included. */
  words: string[];
}

/** A parsed class list. A query is one word; a class has one or more queries, next to each other. */
export interface ClassList {
  classes: SegmentationClass[];
  /** All words, class after class: the order of the rows of the text features. Length Q. */
  queries: string[];
  /** Class index of every query, int32 [Q], ascending. */
  queryToClass: Int32Array;
}

/** What differs between lists that people type and lists that were published. */
export interface ClassListOptions {
  /**
   * Lets a word stand for two classes, as the published COCO-Object list does ("bed" is a thing and one of the words
   * for background). Both queries then have the same feature and the class that comes first wins. Default: false, an
   * error.
   */
  allowSharedWords?: boolean;
}

/** Labels are stored as 16-bit integers and 65535 is kept for "ignore". */
const maximumClasses = 65535;

/** A class before it is checked: its words and how an error calls the place they came from. */
interface Entry {
  words: string[];
  place: string;
}

/**
 * Parses a class list typed on one line: commas separate classes, semicolons separate synonyms, for example
 * `cat, dog; puppy, grass`. Spaces around words are dropped.
 *
 * @param text the argument's value.
 * @param where how errors name the argument.
 * @throws ClassListError if the list is empty, a name is empty, a word occurs twice (compared without case and outer
 *   spaces), or there are more than 65535 classes. A word too long for the text context is the tokenizer's error.
 */
export function parseClassList(text: string, where: string = '--classes', options: ClassListOptions = {}): ClassList {
  if (text.trim() === '') {
    throw new ClassListError(
      `${where} is empty, expected class names separated by commas.`,
      where,
      'Write for example "cat, dog; puppy, grass".',
    );
  }
  const entries = text.split(',').map((part, index) => ({
    words: part.split(';').map((word) => word.trim()),
    place: `${where}, class ${index + 1}`,
  }));
  return buildClassList(entries, where, options);
}

/**
 * Parses a class file: one class per line, synonyms separated by a comma and ONE space exactly (a comma alone stays in
 * the word). Only the line break is removed, so a trailing space stays in the word (the tokenizer ignores it); line
 * ends may be LF, CR LF or CR, the last one is optional, and a byte order mark is skipped. Source: RF-CLIP,
 * `custom_segmentor.py`, `get_cls_idx` (from SCLIP and NACLIP).
 *
 * @param text the whole file.
 * @param where the file's name, for errors.
 * @throws ClassListError as `parseClassList`, and for a blank line; the message has the file and the line number.
 */
export function parseClassesFile(
  text: string,
  where: string = 'the class file',
  options: ClassListOptions = {},
): ClassList {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  if (lines.every((line) => line.trim() === '')) {
    throw new ClassListError(`${where} is empty, expected one class per line.`, where);
  }
  const entries = lines.map((line, index) => {
    const place = `${where}, line ${index + 1}`;
    if (line.trim() === '') throw new ClassListError(`${place} is blank, expected a class name.`, place);
    return { words: line.split(', '), place };
  });
  return buildClassList(entries, where, options);
}

/**
 * Builds a class list from words that are already apart, one array per class (such as a benchmark's table).
 *
 * @param words words of every class, the first one is the display name.
 * @param where how errors name the list.
 * @throws ClassListError as `parseClassList`.
 */
export function makeClassList(
  words: readonly (readonly string[])[],
  where: string,
  options: ClassListOptions = {},
): ClassList {
  return buildClassList(
    words.map((list, index) => ({ words: [...list], place: `${where}, class ${index + 1}` })),
    where,
    options,
  );
}

function buildClassList(entries: Entry[], where: string, options: ClassListOptions): ClassList {
  if (entries.length === 0) throw new ClassListError(`${where} is empty, expected at least one class.`, where);
  if (entries.length > maximumClasses) {
    throw new ClassListError(`${where} has ${entries.length} classes, expected at most ${maximumClasses}.`, where);
  }
  checkWords(entries, options.allowSharedWords === true);
  const classes = entries.map(({ words }) => ({ name: words[0].trim(), words }));
  return {
    classes,
    queries: classes.flatMap(({ words }) => words),
    queryToClass: Int32Array.from(classes.flatMap(({ words }, index) => words.map(() => index))),
  };
}

/** Rejects empty words and words that occur twice. Display names are always unique: results are addressed by them. */
function checkWords(entries: readonly Entry[], allowSharedWords: boolean): void {
  const classOfName = new Map<string, number>();
  const classOfWord = new Map<string, number>();
  entries.forEach(({ words, place }, index) => {
    const ownWords = new Set<string>();
    if (words.length === 0) throw new ClassListError(`${place} has no name, expected at least one.`, place);
    words.forEach((word, position) => {
      const key = word.trim().toLowerCase();
      if (key === '')
        throw new ClassListError(`${place} has an empty name, expected words between the separators.`, place);
      if (ownWords.has(key))
        throw new ClassListError(`${place} has "${word.trim()}" twice, expected every word once.`, place);
      ownWords.add(key);
      const sameName = position === 0 ? classOfName.get(key) : undefined;
      const earlier = sameName ?? (allowSharedWords ? undefined : classOfWord.get(key));
      if (earlier !== undefined) {
        throw new ClassListError(
          `${place} has "${word.trim()}", which already stands for the class "${entries[earlier].words[0].trim()}", ` +
            `expected every word once.`,
          place,
        );
      }
      if (position === 0) classOfName.set(key, index);
      classOfWord.set(key, index);
    });
  });
}
