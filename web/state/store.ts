/** A value that others watch. */
export interface Store<State> {
  get(): State;
  /** Changes some of it, and tells everybody once. */
  set(changes: Partial<State>): void;
  /** @returns what ends it */
  watch(listener: (state: State, before: State) => void): () => void;
}

/** Keeps a value; listeners are told in the order in which they came. */
export function createStore<State extends object>(initial: State): Store<State> {
  let state = initial;
  const listeners = new Set<(state: State, before: State) => void>();
  return {
    get: () => state,
    set(changes) {
      const before = state;
      const isNew = (Object.keys(changes) as (keyof State)[]).some((name) => changes[name] !== before[name]);
      if (!isNew) return;
      state = { ...before, ...changes };
      for (const listener of listeners) listener(state, before);
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
