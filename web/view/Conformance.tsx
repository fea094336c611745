import type { Actions } from '../actions.ts';
import { built } from '../built.ts';
import { megabytes } from '../engine/steps.ts';
import type { AppState, ConformanceState } from '../state/appState.ts';
import { Bar } from './SegmentButton.tsx';

/** Runs recorded calls of the published code here. */
export function Conformance({ state, actions }: { state: AppState; actions: Actions }) {
  const { conformance, engine } = state;
  const isRunning = conformance.status === 'running';
  return (
    <details class="card">
      <summary>
        <h2>Conformance</h2>
      </summary>
      <p class="muted">
        Calls of the published PyTorch code were recorded. They run here on your GPU, and every output is compared with
        what was recorded, within a tolerance that was derived and not tuned. {megabytes(built.recordingsSize)} MB are
        fetched from this site first.
      </p>
      <div class="row">
        <button
          type="button"
          disabled={engine.status === 'absent'}
          aria-disabled={isRunning}
          onClick={() => !isRunning && actions.runCases()}
        >
          {isRunning ? 'Running the cases…' : 'Run the conformance cases here'}
        </button>
        {isRunning && (
          <button type="button" onClick={actions.stopCases}>
            Stop
          </button>
        )}
      </div>
      {isRunning && <Bar step={conformance.step} />}
      <div aria-live="polite">
        <Outcome conformance={conformance} />
      </div>
    </details>
  );
}

function Outcome({ conformance }: { conformance: ConformanceState }) {
  if (conformance.status === 'idle') return null;
  const { passed, failed } = conformance;
  if (conformance.status === 'running')
    return (
      <p aria-live="off">
        {conformance.step.text}: {passed} passed, {failed} failed
      </p>
    );
  const { skipped, failures, seconds } = conformance;
  return (
    <>
      <p>
        <strong class={failed === 0 ? 'good' : 'bad'}>
          {passed} passed, {failed} failed
        </strong>
        {skipped > 0 && `, ${skipped} skipped`} in {seconds.toFixed(0)} s
      </p>
      {failures.length > 0 && (
        <ul class="failures">
          {failures.map(({ name, note }) => (
            <li key={name}>
              <code>{name}</code> {note}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
