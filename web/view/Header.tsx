import type { AppState } from '../state/appState.ts';

/** What this is, and on which GPU it runs. */
export function Header({ state: { engine } }: { state: AppState }) {
  return (
    <header class="bar">
      <div>
        <h1>rfclip</h1>
        <p>Name any classes, get a label map. No image leaves this page.</p>
      </div>
      <p class={`device ${engine.status}`}>
        <span class="dot" aria-hidden="true" />
        {engine.status === 'ready' && <span title={engine.adapter}>{engine.adapter}</span>}
        {engine.status === 'opening' && 'Starting'}
        {engine.status === 'closed' && 'Not started'}
        {engine.status === 'absent' && 'No WebGPU'}
      </p>
    </header>
  );
}
