import type { Actions } from '../actions.ts';
import { PHOTOGRAPHS_NOTICE } from '../../rfclip/toyNotices.ts';
import { built } from '../built.ts';
import { isOutOfDate } from '../state/question.ts';
import { sentence } from '../engine/problems.ts';
import { cssColour } from '../picture/paintLabels.ts';
import type { AppState, Result } from '../state/appState.ts';

/** More names than these are no help at a glance. */
const MOST_MISSING = 20;

/** Classes that were found with their shares; a click shows one alone. */
export function Legend({ state, result, actions }: { state: AppState; result: Result; actions: Actions }) {
  const { classes, classNames } = result.answer;
  // Nobody needs to hear of photographs beside a drawing.
  const notices = result.notices.filter((notice) => notice !== PHOTOGRAPHS_NOTICE || !isScene(state));
  const found = new Set(classes.map(({ label }) => label));
  const missing = classNames.filter((_, label) => !found.has(label));
  return (
    <section class={isOutOfDate(state) ? 'legend-box stale' : 'legend-box'} aria-labelledby="legend-title">
      <h2 id="legend-title">Found</h2>
      <ul class="shares">
        {classes.map(({ name, label, share, probability }) => (
          <li key={label}>
            <button
              type="button"
              aria-pressed={state.alone === label}
              title={`Show ${name} alone`}
              onClick={() => actions.showAlone(state.alone === label ? undefined : label)}
            >
              <span class="dab" style={{ background: cssColour(result.palette, label) }} />
              <span class="share-name">{name}</span>
              <span class="share-number">{percent(share)}</span>
              <span class="share-bar" aria-hidden="true">
                <span style={{ width: `${100 * share}%`, background: cssColour(result.palette, label) }} />
              </span>
              <span class="share-sure">{percent(probability)} sure</span>
            </button>
          </li>
        ))}
      </ul>
      <Missing names={missing} />
      {notices.map((notice) => (
        <p key={notice} class="muted">
          {sentence(notice)}
        </p>
      ))}
    </section>
  );
}

/** Classes that no pixel has; many of them are folded away. */
function Missing({ names }: { names: readonly string[] }) {
  const list = names.join(', ');
  if (names.length === 0) return null;
  if (names.length <= MOST_MISSING) return <p class="muted">Not found: {list}</p>;
  return (
    <details class="muted">
      <summary>Not found: {names.length} classes</summary>
      {list}
    </details>
  );
}

/** Whether the picture is one of the drawn scenes that ship. */
function isScene({ picture }: AppState): boolean {
  return built.examples.some(({ id, isPhoto }) => id === picture?.example && !isPhoto);
}

/** A share in percent, for people. */
export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 0.95 ? value.toFixed(1) : Math.round(value)} %`;
}
