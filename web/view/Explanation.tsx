import { useEffect, useRef } from 'preact/hooks';
import { built } from '../built.ts';
import type { ExplainState } from '../state/appState.ts';
import { Icon } from './icons.tsx';
import { Bar } from './SegmentButton.tsx';

/** The panels of `rfclip explain` for a point, drawn by the same modules, in a tree and a style of their own. */
export function Explanation({ explain, close }: { explain: ExplainState; close: () => void }) {
  const section = useRef<HTMLElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const { status } = explain;
  const isThere = status !== 'closed';

  useEffect(() => {
    if (isThere) section.current?.scrollIntoView({ block: 'start' });
  }, [isThere]);
  useEffect(() => {
    if (explain.status !== 'open') return;
    const { explanation, photo } = explain;
    let isWanted = true;
    void import('../../explain/panels/showExplanation.mjs').then(({ showExplanation }) => {
      if (!isWanted || host.current === null) return;
      showExplanation(placeIn(host.current), explanation, photo);
      section.current?.querySelector('h2')?.focus({ preventScroll: true });
      // There was too little below it before.
      section.current?.scrollIntoView({ block: 'start' });
    });
    return () => void (isWanted = false);
  }, [explain]);

  if (!isThere) return null;
  return (
    <section
      class="explanation"
      ref={section}
      aria-labelledby="explanation-title"
      aria-busy={status === 'running'}
      onKeyDown={(event) => event.key === 'Escape' && close()}
    >
      <div class="title-row">
        <h2 id="explanation-title" tabIndex={-1}>
          Inside the network
        </h2>
        <button type="button" class="quiet" onClick={close}>
          <Icon name="close" />
          Close
        </button>
      </div>
      {explain.status === 'running' && (
        <>
          <Bar step={explain.step} />
          <p class="muted" role="status">
            {explain.step.text}…
          </p>
        </>
      )}
      <div ref={host} class="explanation-host" hidden={status !== 'open'} />
    </section>
  );
}

/** The element in the shadow of a host that panels go in; made once. */
function placeIn(host: HTMLElement): HTMLElement {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  if (root.childElementCount === 0) {
    const style = document.createElement('link');
    style.rel = 'stylesheet';
    style.href = new URL(built.explainStyle, document.baseURI).href;
    const place = document.createElement('div');
    place.addEventListener('click', (event) => {
      const link = (event.target as Element).closest('a[href^="#"]');
      if (link === null) return;
      // What is behind # in the address is the user's choices.
      event.preventDefault();
      root.getElementById(link.getAttribute('href')!.slice(1))?.scrollIntoView({ block: 'start' });
    });
    root.append(style, place);
  }
  return root.lastElementChild as HTMLElement;
}
