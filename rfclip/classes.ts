import { linesOf } from '../system/linesOf.ts';
import { ClassListError } from './classListError.ts';
import { checkUnnumbered, checkWordShape, splitFileLine, splitTypedList } from './classSeparators.ts';

export { ClassListError } from './classListError.ts';

/** One class: what it is called in results, and every word whose text feature stands for it. */
export interface SegmentationClass {
  /** The first word, without spaces at its ends; of those that name no class before it, where there is one. */
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
  /** Sentences about what may not be meant: words that stand for two classes; mostly none. */
  notices: readonly string[];
}

/** Labels are stored as 16-bit integers and 65535 is kept for "ignore". */
const maximumClasses = 65535;

/** Notices of this many words are written out. */
const MOST_NOTICES = 5;

/** A class before it is checked: its words and how an error calls the place they came from. */
interface Entry {
  words: string[];
  place: string;
}

/**
 * Parses a class list typed on one line: commas separate classes, semicolons separate synonyms, for example
 * `cat, dog; puppy, grass`. Spaces around words are dropped. A word may stand for two classes: both queries then have
 * the same feature, and the class that comes first wins, which a notice says.
 *
 * @param text the argument's value.
 * @param where how errors name the argument.
 * @throws ClassListError if the list is empty, a name is empty, a class has a word twice (compared without case and
 *   outer spaces) or nothing of its own, a word holds what looks like another separator, or there are more than 65535
 *   classes. A word too long for the text context is the tokenizer's error.
 */
export function parseClassList(text: string, where: string = '--classes'): ClassList {
  if (text.trim() === '') {
    throw new ClassListError(
      `${where} is empty, expected class names separated by commas.`,
      where,
      'Write for example "cat, dog; puppy, grass".',
    );
  }
  const entries = splitTypedList(text).map((words, index) => ({ words, place: `${where}, class ${index + 1}` }));
  const advice = 'commas separate classes and semicolons synonyms, as in "cat, dog; puppy, grass"';
  for (const { words, place } of entries) for (const word of words) checkWordShape(word, place, advice);
  return buildClassList(entries, where);
}

/**
 * Parses a class file: one class per line, synonyms separated by a comma and a space. Only the line break is removed
 * then, so a trailing space stays in the word (the tokenizer ignores it); where commas stand without a space, or
 * semicolons, they separate too, and spaces around words go. Line ends may be LF, CR LF or CR, and a byte order mark is
 * skipped, as are blank lines at the end, which move no class. Source: RF-CLIP, `custom_segmentor.py`, `get_cls_idx`
 * (from SCLIP and NACLIP).
 *
 * @param text the whole file.
 * @param where the file's name, for errors.
 * @throws ClassListError as `parseClassList`, and for a blank line before others; the message has file and line number.
 */
export function parseClassesFile(text: string, where: string = 'the class file'): ClassList {
  const lines = linesOf(text.replace(/^\uFEFF/, ''));
  while (lines.at(-1)?.trim() === '') lines.pop();
  if (lines.length === 0) {
    throw new ClassListError(`${where} is empty, expected one class per line.`, where);
  }
  checkUnnumbered(lines, where);
  const entries = lines.map((line, index) => {
    const place = `${where}, line ${index + 1}`;
    if (line.trim() === '') throw new ClassListError(`${place} is blank, expected a class name.`, place);
    const words = splitFileLine(line);
    const advice = 'a line is a class, and a comma and a space separate its synonyms, as in "cat, kitten"';
    for (const word of words) checkWordShape(word, place, advice);
    return { words, place };
  });
  const list = buildClassList(entries, where);
  if (lines.length > 1 || list.queries.length < 2) return list;
  const notice = `${where} has one line, which is one class of ${list.queries.length} words; every class has its own`;
  return { ...list, notices: [...list.notices, notice] };
}

/**
 * Builds a class list from words that are already apart, one array per class (such as a benchmark's table).
 *
 * @param words words of every class, the first one is the display name.
 * @param where how errors name the list.
 * @throws ClassListError as `parseClassList`, but words may look as they like.
 */
export function makeClassList(words: readonly (readonly string[])[], where: string): ClassList {
  return buildClassList(
    words.map((list, index) => ({ words: [...list], place: `${where}, class ${index + 1}` })),
    where,
  );
}

function buildClassList(entries: Entry[], where: string): ClassList {
  if (entries.length === 0) throw new ClassListError(`${where} is empty, expected at least one class.`, where);
  if (entries.length > maximumClasses) {
    throw new ClassListError(`${where} has ${entries.length} classes, expected at most ${maximumClasses}.`, where);
  }
  const { names, shared } = nameClasses(entries);
  const classes = entries.map(({ words }, index) => ({ name: names[index], words }));
  return {
    classes,
    queries: classes.flatMap(({ words }) => words),
    queryToClass: Int32Array.from(classes.flatMap(({ words }, index) => words.map(() => index))),
    notices: shorten(shared, where),
  };
}

/**
 * Names every class by its first word that names no class before it, because results are addressed by names, and finds
 * words that stand for two classes. Rejects empty words, a word twice in a class, and a class whose name is taken and
 * that has no word of its own.
 */
function nameClasses(entries: readonly Entry[]): { names: string[]; shared: string[] } {
  const classOfName = new Map<string, number>();
  const classOfWord = new Map<string, number>();
  const names: string[] = [];
  const shared: string[] = [];
  entries.forEach(({ words, place }, index) => {
    const keys = checkWords(words, place);
    const own = keys.findIndex((key) => !classOfWord.has(key));
    const free = classOfName.has(keys[0]) ? own : 0;
    keys.forEach((key, position) => {
      const earlier = classOfWord.get(key);
      if (earlier === undefined) return void classOfWord.set(key, index);
      const found = `${place} has "${words[position].trim()}", which already stands for the class "${names[earlier]}"`;
      if (free < 0) throw new ClassListError(`${found}, expected every word once.`, place);
      shared.push(`${found}; the first class wins`);
    });
    names.push(words[free].trim());
    classOfName.set(keys[free], index);
  });
  return { names, shared };
}

/** The words without case and outer spaces. */
function checkWords(words: readonly string[], place: string): string[] {
  if (words.length === 0) throw new ClassListError(`${place} has no name, expected at least one.`, place);
  const keys = words.map((word) => word.trim().toLowerCase());
  keys.forEach((key, position) => {
    if (key === '')
      throw new ClassListError(`${place} has an empty name, expected words between the separators.`, place);
    if (keys.indexOf(key) < position)
      throw new ClassListError(`${place} has "${words[position].trim()}" twice, expected every word once.`, place);
  });
  return keys;
}

function shorten(notices: readonly string[], where: string): string[] {
  const rest = notices.length - MOST_NOTICES;
  if (rest <= 0) return [...notices];
  return [...notices.slice(0, MOST_NOTICES), `${where} has ${rest} more words that stand for two classes`];
}
