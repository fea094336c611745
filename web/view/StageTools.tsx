import type { Actions } from '../actions.ts';
import { isOutOfDate } from '../state/question.ts';
import { download, stemOf } from '../picture/download.ts';
import { overlayPicture } from '../picture/overlayPicture.ts';
import type { AppState, Picture } from '../state/appState.ts';
import { Icon } from './icons.tsx';

/** What is done with the picture: opacity, downloads, another one. */
export function StageTools({ state, picture, actions }: { state: AppState; picture: Picture; actions: Actions }) {
  const { result, choices } = state;
  const { opacity } = choices;
  const stem = stemOf(picture.name);
  const isThere = result !== undefined && !isOutOfDate(state);
  const png = (bytes: BlobPart) => new Blob([bytes], { type: 'image/png' });
  return (
    <div class="tools">
      <label class="field slider">
        <span>Overlay</span>
        <input
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={opacity}
          aria-valuetext={`${Math.round(100 * opacity)} percent`}
          onInput={({ currentTarget }) => actions.choose({ opacity: Number(currentTarget.value) })}
        />
        <output>{Math.round(100 * opacity)} %</output>
      </label>
      <div class="downloads" role="group" aria-label="Downloads">
        <Save
          isThere={isThere}
          name="Label map"
          save={() => download(png(result!.answer.labelPng as BlobPart), `${stem}.label.png`)}
        />
        <Save
          isThere={isThere}
          name="Overlay"
          save={async () => download(await overlayPicture(picture, result!, opacity), `${stem}.overlay.png`)}
        />
        <Save
          isThere={isThere}
          name="JSON"
          save={() => {
            const text = `${JSON.stringify(result!.answer.report, null, 2)}\n`;
            download(new Blob([text], { type: 'application/json' }), `${stem}.json`);
          }}
        />
      </div>
    </div>
  );
}

function Save({ isThere, name, save }: { isThere: boolean; name: string; save: () => void }) {
  return (
    <button type="button" disabled={!isThere} aria-label={`Download ${name}`} title={`Download ${name}`} onClick={save}>
      <Icon name="download" />
      {name}
    </button>
  );
}
