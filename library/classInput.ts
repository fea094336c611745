import { type ClassList, ClassListError, makeClassList, parseClassList } from '../rfclip/classes.ts';

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

const WHERE = 'the classes';

/**
 * The class list of an input. Words of a list may hold commas and semicolons, which there separate nothing.
 * @throws ClassListError if it is empty, has an empty word, or has a word twice
 */
export function classListOf(input: ClassInput): ClassList {
  if (typeof input === 'string') return parseClassList(input, WHERE);
  if (isClassList(input)) return input;
  if (!Array.isArray(input)) {
    throw new ClassListError(`${WHERE} are ${typeof input}, expected a text or a list of names`, WHERE);
  }
  const words = (input as readonly (string | ClassDescription)[]).map((entry, index) => {
    if (typeof entry === 'string') return [entry];
    if (typeof entry?.name === 'string') return [entry.name, ...(entry.synonyms ?? [])];
    throw new ClassListError(`${WHERE}, class ${index + 1} has no name, expected a text or { name, synonyms }`, WHERE);
  });
  return makeClassList(words, WHERE);
}

function isClassList(input: object): input is ClassList {
  return 'queries' in input && 'queryToClass' in input;
}

/**
 * A class list whose first class is the background: the class of that name if there is one, else a new one.
 * @throws ClassListError if the name is empty or already stands for another class
 */
export function withBackground(list: ClassList, background: string, where: string): ClassList {
  const name = background.trim().toLowerCase();
  if (name === '') throw new ClassListError(`${where} is empty, expected the name of a class`, where);
  const words = list.classes.map((entry) => entry.words);
  const at = words.findIndex((entry) => entry[0].trim().toLowerCase() === name);
  const first = at < 0 ? [background.trim()] : words[at];
  return makeClassList([first, ...words.filter((_, index) => index !== at)], where);
}
