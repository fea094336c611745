import type { Actions } from '../actions.ts';
import { built } from '../built.ts';
import type { AppState } from '../state/appState.ts';
import { FileButton } from './FileButton.tsx';
import { Icon } from './icons.tsx';
import { PICTURES } from './Stage.tsx';

/** The pictures that ship with the page. */
export function Examples({ state, actions }: { state: AppState; actions: Actions }) {
  const shown = state.picture?.example;
  return (
    <section class="examples" aria-label="Examples">
      <div class="title-row">
        <h2>{state.picture === undefined ? 'Or take an example' : 'Examples'}</h2>
        {state.picture !== undefined && (
          <FileButton
            accept={PICTURES}
            label="Choose another image"
            look="quiet small"
            onFile={(file) => void actions.openFile(file)}
          >
            <Icon name="image" />
            Another image…
          </FileButton>
        )}
      </div>
      <ul>
        {built.examples.map(({ id, title, thumbnail, width, height }) => (
          <li key={id}>
            <button
              type="button"
              aria-pressed={id === shown}
              title={title}
              onClick={() => void actions.openExample(id)}
            >
              <img src={thumbnail} alt={title} width={width} height={height} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
