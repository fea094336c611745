import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import { built } from '../built.ts';
import type { AppStore } from '../state/appState.ts';
import { useAppState } from '../state/useAppState.ts';
import { ClassChips } from './ClassChips.tsx';
import { Conformance } from './Conformance.tsx';
import { Examples } from './Examples.tsx';
import { Explanation } from './Explanation.tsx';
import { Header } from './Header.tsx';
import { KernelTimes } from './KernelTimes.tsx';
import { Legend } from './Legend.tsx';
import { NoWebGpu } from './NoWebGpu.tsx';
import { ProblemNote } from './ProblemNote.tsx';
import { SegmentButton } from './SegmentButton.tsx';
import { Settings } from './Settings.tsx';
import { Stage } from './Stage.tsx';
import { usePictures } from './usePictures.ts';
import { Weights } from './Weights.tsx';

/** The whole page. */
export function App({ store, actions }: { store: AppStore; actions: Actions }) {
  const state = useAppState(store);
  const isDragged = usePictures(actions);
  const [said, say] = useState('');
  useEffect(() => say(''), [state.result]);
  return (
    <>
      <Header state={state} say={say} />
      <main class="work">
        <div class="stage-column">
          {state.engine.status === 'absent' && <NoWebGpu problem={state.engine.problem} />}
          {state.problem !== undefined && <ProblemNote problem={state.problem} dismiss={actions.dismissProblem} />}
          <Stage state={state} actions={actions} isDragged={isDragged} say={say} />
          <Examples state={state} actions={actions} />
        </div>
        <aside class="panel" aria-label="Classes and settings">
          <ClassChips
            choices={state.choices}
            suggested={state.weights === undefined ? built.names : []}
            onChange={(classes) => actions.choose({ classes })}
            say={say}
          />
          <SegmentButton state={state} actions={actions} />
          {state.result !== undefined && <Legend state={state} result={state.result} actions={actions} />}
          <Settings choices={state.choices} onChange={actions.choose} />
          <Weights state={state} actions={actions} />
        </aside>
        <section class="more" aria-label="About this GPU">
          <KernelTimes state={state} actions={actions} />
          <Conformance state={state} actions={actions} />
        </section>
        <Explanation
          explain={state.explain}
          close={() => {
            actions.closeExplanation();
            document.querySelector<HTMLElement>('.picture')?.focus({ preventScroll: true });
            document.querySelector('.stage')?.scrollIntoView({ block: 'nearest' });
          }}
        />
      </main>
      <p class="visually-hidden" aria-live="polite">
        {said}
      </p>
    </>
  );
}
