import type { AppState } from './appState.ts';

/** What the answer depends on, as one text; undefined where nothing can be asked yet. */
export function questionOf({ picture, choices, weights, profile }: AppState): string | undefined {
  if (picture === undefined || choices.classes.length === 0) return undefined;
  const { classes, method, threshold, window, side } = choices;
  const file = weights === undefined ? '' : `${weights.name} ${weights.size} ${weights.lastModified}`;
  return JSON.stringify([picture.number, classes, method, threshold, window, side, file, profile]);
}
