import type { Problem } from '../state/appState.ts';
import { Icon } from './icons.tsx';

/** One sentence about what went wrong, and what helps. */
export function ProblemNote({ problem, dismiss }: { problem: Problem; dismiss: () => void }) {
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <p>
        {problem.message} {problem.fix !== undefined && <span class="muted">{problem.fix}</span>}
      </p>
      <button type="button" class="quiet" aria-label="Close this message" onClick={dismiss}>
        <Icon name="close" />
      </button>
    </div>
  );
}
