import { useEffect, useState } from 'preact/hooks';
import type { AppState, AppStore } from './appState.ts';

/** The state; the component is drawn again when it changes. */
export function useAppState(store: AppStore): AppState {
  const [state, setState] = useState(store.get());
  useEffect(() => {
    // What changed before this effect ran.
    setState(store.get());
    return store.watch(setState);
  }, [store]);
  return state;
}
