import type { ClassList } from './classes.ts';

/**
 * Index of the class that is the background by its name or one of its words; undefined where none is. Of a list to
 * which a background was added it is the first class, whatever its name.
 */
export function backgroundClass({ classes }: Pick<ClassList, 'classes'>): number | undefined {
  const index = classes.findIndex(({ name, words }) => [name, ...words].some(isBackground));
  return index < 0 ? undefined : index;
}

function isBackground(word: string): boolean {
  return /^[\s_]*background[\s_]*$/i.test(word);
}
