import type { ClipConfig } from '../../clip/config.ts';
import type { Actions } from '../actions.ts';
import type { AppState } from '../state/appState.ts';
import { megabytes } from '../engine/steps.ts';
import { FileButton } from './FileButton.tsx';
import { Icon } from './icons.tsx';

/** Whose weights the network has. */
export function Weights({ state, actions }: { state: AppState; actions: Actions }) {
  const { weights, engine } = state;
  const { planted } = state.choices;
  return (
    <section class="weights" aria-labelledby="weights-title">
      <h2 id="weights-title">Weights</h2>
      {weights === undefined ? (
        <>
          <label class="field">
            <span>Shipped</span>
            <select
              value={planted ? 'planted' : 'microclip'}
              onChange={({ currentTarget }) => actions.choose({ planted: currentTarget.value === 'planted' })}
            >
              <option value="microclip">microclip</option>
              <option value="planted">microclip, planted</option>
            </select>
          </label>
          <p class="muted">
            {planted
              ? 'Distraction tokens were planted in microclip, so that a look inside shows what RF-CLIP does about ' +
                'them. This shows the mechanism, not the method’s merit.'
              : 'A toy that knows 52 drawn things and textures, and no photographs.'}
          </p>
        </>
      ) : (
        <p>
          <strong>{weights.name}</strong>, {megabytes(weights.size)} MB
          {engine.status === 'ready' && towerText(engine.vision)}
        </p>
      )}
      {weights !== undefined &&
        engine.status === 'ready' &&
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

function towerText({ layers, width, patch }: ClipConfig['vision']): string {
  return `: a ViT of ${layers} layers, ${width} wide, with patches of ${patch} pixels`;
}
