import { Fragment } from 'preact';
import type { Actions } from '../actions.ts';
import type { AppState } from '../state/appState.ts';

/** How long each kernel took. */
export function KernelTimes({ state, actions }: { state: AppState; actions: Actions }) {
  const { kernels, profile } = state;
  const total = kernels?.kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0) ?? 0;
  return (
    <details class="card">
      <summary>
        <h2>Time per kernel</h2>
      </summary>
      <p class="muted">
        Every launch is timed by the GPU itself. Then each is a pass of its own, which takes a little longer in all; so
        it is off unless you want it.
      </p>
      <label class="switch">
        <input
          type="checkbox"
          checked={profile}
          onChange={({ currentTarget }) => actions.timeKernels(currentTarget.checked)}
        />
        <span>Time every kernel</span>
      </label>
      {profile && kernels === undefined && <p class="muted">The next image that is segmented fills the table.</p>}
      {kernels?.problem !== undefined && <p>{kernels.problem}</p>}
      {kernels !== undefined && kernels.kernels.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label="Time per kernel">
          <table>
            <caption>
              {total.toFixed(1)} ms in kernels
              {kernels.stepMilliseconds !== undefined &&
                `; this browser rounds times to ${kernels.stepMilliseconds} ms, so only large sums say something`}
              {kernels.untimed > 0 && `; ${kernels.untimed} launches were too many to be timed`}
            </caption>
            <thead>
              <tr>
                <th scope="col">kernel</th>
                <th scope="col">launches</th>
                <th scope="col">ms</th>
                <th scope="col">share</th>
                <th scope="col">GFLOP/s</th>
              </tr>
            </thead>
            <tbody>
              {kernels.kernels.map(({ kernel, calls, milliseconds, flops }) => (
                <tr key={kernel}>
                  <th scope="row">
                    {breakable(kernel.split('(')[0])} <span class="muted">{variantOf(kernel)}</span>
                  </th>
                  <td>{calls}</td>
                  <td>{milliseconds.toFixed(2)}</td>
                  <td>{total > 0 ? `${((100 * milliseconds) / total).toFixed(1)} %` : '–'}</td>
                  <td>{milliseconds > 0 ? (flops / milliseconds / 1e6).toFixed(1) : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** A name that may be broken behind its underscores. */
function breakable(name: string) {
  return name.split('_').map((part, index) => (
    <Fragment key={index}>
      {index > 0 && (
        <>
          _<wbr />
        </>
      )}
      {part}
    </Fragment>
  ));
}

/** The constants that a kernel was made with. */
function variantOf(kernel: string): string {
  return /\((.*)\)$/.exec(kernel)?.[1] ?? '';
}
