import type { Actions } from '../actions.ts';
import type { AppState } from '../state/appState.ts';
import { megabytes } from '../engine/steps.ts';
import { FileButton } from './FileButton.tsx';
import { Icon } from './icons.tsx';

/** Whose weights the network has. */
export function Weights({ state, actions }: { state: AppState; actions: Actions }) {
  const { weights, engine } = state;
  return (
    <section class="weights" aria-labelledby="weights-title">
      <h2 id="weights-title">Weights</h2>
      {weights === undefined ? (
        <p>
          <strong>microclip</strong>, which ships with this page: a toy that knows 52 drawn things and textures, and no
          photographs.
        </p>
      ) : (
        <p>
          <strong>{weights.name}</strong>, {megabytes(weights.size)} MB, from your disk.
        </p>
      )}
      {engine.status === 'ready' &&
        engine.notes.map((note) => (
          <p key={note} class="muted">
            {note}
          </p>
        ))}
      <div class="row">
        <FileButton accept=".pt,.pth,.bin,.safetensors" label="Open your own weights" onFile={actions.openWeights}>
          Open your own…
        </FileButton>
        {weights !== undefined && (
          <button type="button" onClick={() => actions.openWeights(undefined)}>
            Back to microclip
          </button>
        )}
      </div>
      <p class="muted with-icon">
        <Icon name="lock" />
        <span>
          Any CLIP ViT as <code>.pt</code> or <code>.safetensors</code>. It is read from your disk piece by piece, and
          never uploaded.
        </span>
      </p>
    </section>
  );
}
