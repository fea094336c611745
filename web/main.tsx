import { render } from 'preact';
import { makeActions } from './actions.ts';
import { built } from './built.ts';
import { keepOffline } from './offline/register.ts';
import type { AppState } from './state/appState.ts';
import { choicesOf, hashOf } from './state/hash.ts';
import { createStore } from './state/store.ts';
import './style/index.css';
import { App } from './view/App.tsx';

const known = { methods: built.methods.map(({ name }) => name), examples: built.examples.map(({ id }) => id) };
const NO_WEBGPU = isSecureContext
  ? 'This browser has no WebGPU.'
  : 'WebGPU needs a page that came by https or from localhost.';

const store = createStore<AppState>({
  choices: choicesOf(location.hash, known),
  engine: { status: 'closed' },
  weights: undefined,
  profile: false,
  picture: undefined,
  opening: undefined,
  run: undefined,
  result: undefined,
  problem: undefined,
  explain: { status: 'closed' },
  conformance: { status: 'idle' },
  kernels: undefined,
  alone: undefined,
});
const actions = makeActions(store);

store.watch(({ choices }, before) => {
  if (choices === before.choices) return;
  const hash = hashOf(choices);
  history.replaceState(null, '', hash === '' ? location.pathname + location.search : `#${hash}`);
});
addEventListener('hashchange', () => {
  const choices = choicesOf(location.hash, known);
  const { example } = store.get().choices;
  actions.choose(choices);
  if (choices.example !== undefined && choices.example !== example) void actions.openExample(choices.example);
});

render(<App store={store} actions={actions} />, document.getElementById('app')!);

if ('gpu' in navigator && navigator.gpu !== undefined) actions.start();
else store.set({ engine: { status: 'absent', problem: { message: NO_WEBGPU } } });
const { example } = store.get().choices;
if (example !== undefined) void actions.openExample(example);
keepOffline();
