import type { AppState } from './appState.ts';
import type { Choices } from './choices.ts';

/** What the answer depends on, as one text; undefined where nothing can be asked yet. */
export function questionOf(state: AppState): string | undefined {
  const { picture, choices } = state;
  if (picture === undefined || choices.classes.length === 0) return undefined;
  return JSON.stringify([picture.number, settingsKey(choices), weightsKey(state)]);
}

/** What a segmenter is made of, as one text. */
export function settingsKey({ classes, method, threshold, window, side }: Choices): string {
  return JSON.stringify([classes, method, threshold, window, side]);
}

/** The weights, and how they are opened, as one text. */
export function weightsKey({ weights, profile, choices }: AppState): string {
  const file = weights === undefined ? choices.planted : [weights.name, weights.size, weights.lastModified];
  return JSON.stringify([file, profile]);
}

/** Whether the result answers another question than the one that is asked now. */
export function isOutOfDate(state: AppState): boolean {
  return state.result !== undefined && state.result.question !== questionOf(state);
}
