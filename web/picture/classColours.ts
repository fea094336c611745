import { classPalette } from '../../pictures/palette.ts';
import { backgroundClass } from '../../rfclip/backgroundClass.ts';
import { BACKGROUND, type Choices, wordsOf } from '../state/choices.ts';

/** Colours of a class list. */
export interface ClassColours {
  /** RGB triples by label, as in label map and overlay. */
  palette: Uint8Array;
  /** Of every chip. */
  labels: number[];
}

/** The colours that chips and labels have: black is the background, which comes first where a threshold makes one. */
export function classColours({ classes, threshold }: Pick<Choices, 'classes' | 'threshold'>): ClassColours {
  const words = classes.map(wordsOf);
  if (threshold === 0) {
    const background = backgroundClass({ classes: words.map((list) => ({ name: list[0], words: list })) });
    return { palette: classPalette(classes.length, background), labels: words.map((_, index) => index) };
  }
  const own = words.findIndex(([name]) => name.toLowerCase() === BACKGROUND);
  const count = classes.length + (own < 0 ? 1 : 0);
  const labels = words.map((_, index) => (index === own ? 0 : own < 0 || index < own ? index + 1 : index));
  return { palette: classPalette(count, 0), labels };
}
