import { built, type Example } from './built.ts';
import { runRecordedCases } from './engine/conformance.ts';
import { Engine } from './engine/engine.ts';
import { explainPoints } from './engine/explaining.ts';
import { problemOf } from './engine/problems.ts';
import { segmentWhatIsChosen } from './engine/segmenting.ts';
import { openPicture } from './picture/openPicture.ts';
import type { AppStore, Picture, Point } from './state/appState.ts';
import type { Choices } from './state/choices.ts';

/** What can be done on the page. */
export interface Actions {
  /** Opens the model, so that the first question need not wait for it. */
  start(): void;
  choose(changes: Partial<Choices>): void;
  /** @param remark what the user should know of how the file was chosen */
  openFile(file: Blob & { name?: string }, remark?: string): Promise<void>;
  /** Tells why nothing was taken. */
  refuse(message: string): void;
  openExample(id: string): Promise<void>;
  /** Takes the user's weights, or those that ship. */
  openWeights(file: File | undefined): void;
  segment(): void;
  stop(): void;
  lookInside(point: Point): void;
  closeExplanation(): void;
  runCases(): void;
  stopCases(): void;
  timeKernels(wanted: boolean): void;
  showAlone(label: number | undefined): void;
  dismissProblem(): void;
}

/** Makes them; what takes long goes on in the worker. */
export function makeActions(store: AppStore): Actions {
  const engine = new Engine(store);
  const segmenting = segmentWhatIsChosen(store, engine);
  const explaining = explainPoints(store, engine);
  let opening = 0;
  let cases: AbortController | undefined;

  /** Shows the picture, if no other was opened in the meantime. */
  async function open(name: string, read: () => Promise<Picture>, choicesFor: () => Partial<Choices>): Promise<void> {
    const mine = ++opening;
    store.set({ opening: name });
    try {
      const picture = await read();
      if (mine !== opening) return picture.bitmap.close();
      const before = store.get().picture;
      store.set({
        picture,
        choices: { ...store.get().choices, ...choicesFor() },
        result: undefined,
        alone: undefined,
        problem: undefined,
      });
      before?.bitmap.close();
    } catch (error) {
      if (mine === opening) store.set({ problem: problemOf(error) });
    } finally {
      if (mine === opening) store.set({ opening: undefined });
    }
  }

  /** Restarts the engine with other options. */
  function reopen(changes: Parameters<AppStore['set']>[0]): void {
    segmenting.stop();
    store.set({ problem: undefined, kernels: undefined, ...changes });
    void engine.model().catch(() => undefined);
  }

  return {
    start: () => void engine.model().catch(() => undefined),
    choose: (changes) => {
      const choices = { ...store.get().choices, ...changes };
      if (choices.planted === store.get().choices.planted) store.set({ choices });
      else reopen({ choices });
    },
    openFile: (file, remark) => {
      const name = file.name || 'pasted image.png';
      return open(
        name,
        async () => ({ ...(await openPicture(file, name)), remark }),
        () => ({ example: undefined }),
      );
    },
    refuse: (message) => store.set({ problem: { message } }),
    openExample: (id) => {
      const example = built.examples.find((one) => one.id === id)!;
      const name = example.file.split('/').at(-1)!;
      return open(
        name,
        async () => openPicture(await fetchExample(example), name, id),
        () => ({
          example: id,
          classes: isOfExample(store.get().choices) ? example.classes : store.get().choices.classes,
        }),
      );
    },
    openWeights: (weights) => reopen({ weights }),
    segment: segmenting.now,
    stop: segmenting.stop,
    lookInside: explaining.at,
    closeExplanation: explaining.close,
    runCases: () => void runRecordedCases(store, engine, (cases = new AbortController()).signal),
    stopCases: () => cases?.abort(),
    timeKernels: (profile) => reopen({ profile }),
    showAlone: (alone) => store.set({ alone }),
    dismissProblem: () => store.set({ problem: undefined }),
  };
}

async function fetchExample({ file, title }: Example): Promise<Blob> {
  const failed = (reason: string) => new Error(`the example "${title}" cannot be fetched: ${reason}`);
  const response = await fetch(new URL(file, document.baseURI)).catch(() => {
    throw failed('there is no network');
  });
  if (!response.ok) throw failed(`the server answered ${response.status}`);
  return response.blob();
}

/** Whether the classes are nobody's own: none, or those of an example. */
function isOfExample({ classes }: Choices): boolean {
  const same = (others: readonly string[]) => others.join() === classes.join();
  return classes.length === 0 || built.examples.some((example) => same(example.classes));
}
