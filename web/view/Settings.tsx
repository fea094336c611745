import { built } from '../built.ts';
import type { Choices } from '../state/choices.ts';

const WINDOWS = [224, 336, 448];
const SIDES = [224, 336, 448, 672];

/** How the image is segmented. */
export function Settings({ choices, onChange }: { choices: Choices; onChange: (changes: Partial<Choices>) => void }) {
  const { method, threshold, window, side } = choices;
  const chosen = built.methods.find(({ name }) => name === method)!;
  return (
    <section class="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      <label class="field">
        <span>Method</span>
        <select value={method} onChange={({ currentTarget }) => onChange({ method: currentTarget.value })}>
          {built.methods.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p class="muted">
        {chosen.summary.charAt(0).toUpperCase() + chosen.summary.slice(1)}. <cite>{chosen.source}</cite>
      </p>
      <label class="field slider">
        <span>Threshold</span>
        <input
          type="range"
          min="0"
          max="0.95"
          step="0.05"
          value={threshold}
          aria-valuetext={threshold === 0 ? 'off' : `${Math.round(100 * threshold)} percent`}
          onInput={({ currentTarget }) => onChange({ threshold: Number(currentTarget.value) })}
        />
        <output>{threshold === 0 ? 'off' : `${Math.round(100 * threshold)} %`}</output>
      </label>
      {threshold > 0 && <p class="muted">Pixels that are less sure become background.</p>}
      <label class="field">
        <span>Windows</span>
        <select value={window} onChange={({ currentTarget }) => onChange({ window: Number(currentTarget.value) })}>
          <option value={0}>none: the whole image</option>
          {withChosen(WINDOWS, window).map((pixels) => (
            <option key={pixels} value={pixels}>
              {pixels} pixels
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Short side</span>
        <select value={side} onChange={({ currentTarget }) => onChange({ side: Number(currentTarget.value) })}>
          {withChosen(SIDES, side).map((pixels) => (
            <option key={pixels} value={pixels}>
              {pixels} pixels
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

/** The sizes with one that a link may have brought. */
function withChosen(sizes: readonly number[], chosen: number): number[] {
  return chosen === 0 || sizes.includes(chosen) ? [...sizes] : [...sizes, chosen].sort((a, b) => a - b);
}
