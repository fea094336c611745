import type { Actions } from '../actions.ts';
import type { AppState } from '../state/appState.ts';
import { FileButton } from './FileButton.tsx';
import { Icon } from './icons.tsx';
import { PictureView } from './PictureView.tsx';
import { StageTools } from './StageTools.tsx';

/** What a file dialog offers. */
export const PICTURES = 'image/*';

/** The picture with its labels, or where one can be put. */
export function Stage({
  state,
  actions,
  isDragged,
  say,
}: {
  state: AppState;
  actions: Actions;
  isDragged: boolean;
  say: (text: string) => void;
}) {
  const { picture, run } = state;
  if (picture === undefined) {
    return (
      <section class={isDragged ? 'stage empty dragged' : 'stage empty'} aria-label="Image">
        <Icon name="image" />
        <p>Drop an image here, or paste one</p>
        <FileButton accept={PICTURES} label="Choose an image" onFile={(file) => void actions.openFile(file)}>
          Choose a file…
        </FileButton>
      </section>
    );
  }
  return (
    <section class="stage-box" aria-label="Image">
      <div class={isDragged ? 'stage dragged' : 'stage'} aria-busy={run !== undefined}>
        <PictureView state={state} picture={picture} lookInside={actions.lookInside} say={say} />
        {run !== undefined && <div class="working" aria-hidden="true" />}
      </div>
      {picture.remark !== undefined && <p role="status">{picture.remark}</p>}
      <StageTools state={state} picture={picture} actions={actions} />
      <p class="muted for-mouse">Point at the image to read it. Click a patch to look inside the network.</p>
      <p class="muted for-finger">Tap the image to read it, and a patch again to look inside the network.</p>
    </section>
  );
}
