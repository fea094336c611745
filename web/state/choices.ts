/** What the user chose, and a link can share. */
export interface Choices {
  /** A chip each, in the order of labels: a name, and synonyms after semicolons. */
  classes: readonly string[];
  method: string;
  /** Probability below which a pixel is background, 0 to 1; with 0 there is no such class. */
  threshold: number;
  /** Side of the sliding windows in pixels; 0 takes the image whole. */
  window: number;
  /** Short side of the image for the network, in pixels. */
  side: number;
  /** Share of the class colour over the image, 0 to 1. */
  opacity: number;
  /** Whether the weights that ship have planted distraction tokens. */
  planted: boolean;
  /** Which of the shipped pictures is looked at, if one is. */
  example: string | undefined;
}

/** What the class of the rest is called. */
export const BACKGROUND = 'background';

/** Of the network's image; longer ones are made smaller. */
export const LONG_SIDE = 2048;

/** Where nobody chose. Settings are those of the library. */
export const FIRST_CHOICES: Choices = {
  classes: [],
  method: 'rfclip',
  threshold: 0,
  window: 224,
  side: 336,
  opacity: 0.6,
  planted: false,
  example: undefined,
};

/** The classes, as the worker takes them: words of a chip are apart. */
export function classInput(classes: readonly string[]): { name: string; synonyms: string[] }[] {
  return classes.map((chip) => {
    const [name, ...synonyms] = wordsOf(chip);
    return { name, synonyms };
  });
}

/** Words of a chip, the name first. */
export function wordsOf(chip: string): string[] {
  return chip
    .split(';')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/**
 * Chips of what was typed or pasted: commas and line breaks separate classes.
 * @returns chips that are there already left out, compared by their names without case
 */
export function chipsOf(text: string, there: readonly string[]): string[] {
  const names = new Set(there.map(nameKey));
  return text
    .split(/[,\n]/)
    .map((part) => wordsOf(part).join('; '))
    .filter((chip) => {
      const key = nameKey(chip);
      if (key === '' || names.has(key)) return false;
      names.add(key);
      return true;
    });
}

function nameKey(chip: string): string {
  return (wordsOf(chip)[0] ?? '').toLowerCase();
}
