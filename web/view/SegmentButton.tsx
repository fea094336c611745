import type { Actions } from '../actions.ts';
import { isOutOfDate } from '../state/question.ts';
import type { AppState, Step } from '../state/appState.ts';

/** The button that segments, and what is going on. */
export function SegmentButton({ state, actions }: { state: AppState; actions: Actions }) {
  const { engine, run, opening } = state;
  const isStarting = engine.status === 'opening';
  const step =
    isStarting && (run !== undefined || state.result === undefined)
      ? engine.step
      : (run ?? (opening === undefined ? undefined : { text: `Opening ${opening}` }));
  return (
    <section class="run" aria-label="Segment">
      <div class="run-row">
        <button
          type="button"
          class={run === undefined && state.result !== undefined && !isOutOfDate(state) ? '' : 'primary'}
          disabled={engine.status === 'absent'}
          aria-disabled={run !== undefined}
          onClick={() => run === undefined && actions.segment()}
        >
          {buttonText(state)}
        </button>
        {run !== undefined && (
          <button type="button" onClick={actions.stop}>
            Stop
          </button>
        )}
      </div>
      <Bar step={step} />
      <p class="muted" role="status">
        {statusText(state, step)}
      </p>
    </section>
  );
}

function buttonText({ engine, run, result }: AppState): string {
  if (run !== undefined) return engine.status === 'opening' ? 'Starting the GPU…' : 'Segmenting…';
  return result === undefined ? 'Segment' : 'Segment again';
}

function statusText(state: AppState, step: Step | undefined): string {
  const { engine, picture, choices, result } = state;
  if (engine.status === 'absent') return 'Nothing can be segmented without WebGPU.';
  if (step !== undefined) return `${step.text}…`;
  if (picture === undefined) return 'Choose an image to begin.';
  if (choices.classes.length === 0) return 'Name at least one class.';
  if (result === undefined || isOutOfDate(state)) return 'Ready.';
  return `Done in ${duration(result.milliseconds)}, ${picture.width} × ${picture.height} pixels.`;
}

function duration(milliseconds: number): string {
  return milliseconds < 995 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** How far something is; keeps its place while there is nothing. */
export function Bar({ step }: { step: Step | undefined }) {
  if (step === undefined) return <div class="progress-place" />;
  return <progress aria-label={step.text} value={step.done} max={1} />;
}
