import { type ClassList, ClassListError, makeClassList, parseClassList } from '../rfclip/classes.ts';
import { describe } from './describe.ts';

/** A class by its name and other words for it. */
export interface ClassDescription {
  readonly name: string;
  readonly synonyms?: readonly string[];
}

/**
 * Classes: one line as the command line takes it (`'cat, dog; puppy, grass'`: commas separate classes, semicolons
 * synonyms), a list of names or descriptions, or a list that was parsed before.
 */
export type ClassInput = string | readonly (string | ClassDescription)[] | ClassList;

const WHERE = 'the class list';

/**
 * The class list of an input. Words of a list may hold commas and semicolons, which there separate nothing. Of two
 * classes that have a word, the first wins; a notice says so.
 * @throws ClassListError if it is empty, has an empty word, or a class has a word twice or nothing of its own
 */
export function classListOf(input: ClassInput): ClassList {
  if (typeof input === 'string') return parseClassList(input, WHERE);
  if (Array.isArray(input)) return makeClassList((input as ListEntry[]).map(wordsOf), WHERE);
  if (isClassList(input)) {
    // Made anew, since it is the caller's to change.
    const words = input.classes.map((entry) => entry.words);
    return { ...makeClassList(words, WHERE), notices: input.notices ?? [] };
  }
  throw new ClassListError(`${WHERE} is ${describe(input)}, expected a text or a list of names`, WHERE);
}

type ListEntry = string | ClassDescription;

function wordsOf(entry: ListEntry, index: number): string[] {
  const fail = (found: string, expected: string) => {
    throw new ClassListError(`${WHERE}, class ${index + 1} ${found}, expected ${expected}`, WHERE);
  };
  if (typeof entry === 'string') return [entry];
  const { name, words } = (entry ?? {}) as Partial<ClassList['classes'][number]>;
  // The classes of another segmenter, whose words begin with the name.
  const others = Array.isArray(words) && words[0] === name ? words.slice(1) : [];
  const { synonyms = others } = (entry ?? {}) as Partial<ClassDescription>;
  if (typeof name !== 'string') return fail(`is ${describe(entry)}`, 'a text or { name, synonyms }');
  if ('synonym' in entry) return fail('has a synonym', 'synonyms, a list of words');
  if (!Array.isArray(synonyms)) return fail(`has ${describe(synonyms)} for synonyms`, 'a list of words');
  const wrong = synonyms.findIndex((word) => typeof word !== 'string');
  if (wrong >= 0) return fail(`has ${describe(synonyms[wrong])} among its synonyms`, 'words');
  return [name, ...(synonyms as string[])];
}

function isClassList(input: unknown): input is ClassList {
  return typeof input === 'object' && input !== null && 'queryToClass' in input && 'classes' in input;
}

/**
 * A class list whose first class is the background: the class of that name if there is one, else a new one.
 * @throws ClassListError if the name is empty
 */
export function withBackground(list: ClassList, background: string, where: string): ClassList {
  const name = background.trim().toLowerCase();
  if (name === '') throw new ClassListError(`${where} is empty, expected the name of a class`, where);
  const words = list.classes.map((entry) => entry.words);
  const at = words.findIndex((entry) => entry[0].trim().toLowerCase() === name);
  const first = at < 0 ? [background.trim()] : words[at];
  return makeClassList([first, ...words.filter((_, index) => index !== at)], where);
}
