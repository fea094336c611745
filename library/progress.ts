/** What is going on, in the words that users of transformers.js know. */
export interface ProgressEvent {
  /**
   * `initiate`: something begins; `download`: its bytes will come from the network; `progress`: a part of it is done;
   * `done`: all of it; `ready`: the model can be used.
   */
  status: 'initiate' | 'download' | 'progress' | 'done' | 'ready';
  /** The model: the path or the name of its checkpoint. */
  name: string;
  /** What it is about: `checkpoint`, `image tower`, `text tower`, `dino`, `text features` or `images`. */
  file: string;
  /** Bytes, words or images that are done; with `progress`. */
  loaded?: number;
  /** Of how many; absent where nobody knows. */
  total?: number;
  /** `loaded` in percent of `total`, 0 to 100. */
  progress?: number;
}

/** Gets every event, while the work waits; what it throws ends the work. */
export type ProgressCallback = (event: ProgressEvent) => void;

/** A `progress` event. */
export function progressOf(name: string, file: string, loaded: number, total: number | undefined): ProgressEvent {
  const known = total === undefined || total === 0 ? {} : { total, progress: (100 * loaded) / total };
  return { status: 'progress', name, file, loaded, ...known };
}
