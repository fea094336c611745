import { useState } from 'preact/hooks';
import type { AppState } from '../state/appState.ts';

/** What this is, and on which GPU it runs. */
export function Header({ state: { engine }, say }: { state: AppState; say: (text: string) => void }) {
  return (
    <header class="bar">
      <div>
        <h1>rfclip</h1>
        <p>Name any classes, get a label map. No image leaves this page.</p>
      </div>
      <div class="bar-end">
        <p class={`device ${engine.status}`}>
          <span class="dot" aria-hidden="true" />
          {engine.status === 'ready' && <span title={engine.adapter}>{engine.adapter}</span>}
          {engine.status === 'opening' && 'Starting'}
          {engine.status === 'closed' && 'Not started'}
          {engine.status === 'absent' && 'No WebGPU'}
        </p>
        <CopyLink say={say} />
      </div>
    </header>
  );
}

/** Copies the address, which has classes and settings. */
function CopyLink({ say }: { say: (text: string) => void }) {
  const [isCopied, setCopied] = useState(false);
  // Absent where the page did not come by https or from localhost.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard === undefined) return null;
  const copy = async () => {
    await clipboard.writeText(location.href);
    say('Copied');
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <button
      type="button"
      class="quiet small"
      title="Copy a link to these classes and settings; the image stays here"
      onClick={() => void copy().catch(() => say('The browser does not allow it'))}
    >
      {isCopied ? 'Copied' : 'Copy link'}
    </button>
  );
}
