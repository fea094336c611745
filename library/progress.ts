/** What is going on, in the words that users of transformers.js know. */
export interface ProgressEvent {
  /**
   * `initiate`: something begins; `download`: its bytes will come from the network; `progress`: a part of it is done;
   * `done`: all of it; `ready`: the model can be used.
   */
  status: 'initiate' | 'download' | 'progress' | 'done' | 'ready';
  /** The model, by the name or path it was opened with; `microclip` is the one that ships. */
  name: string;
  /** What it is about: `checkpoint`, `dino`, `image tower`, `text tower`, `text features` or `images`. */
  file: string;
  /** Bytes, words or images that are done; with `progress`. */
  loaded?: number;
  /** Of how many; absent where nobody knows. */
  total?: number;
  /** `loaded` in percent of `total`, 0 to 100; never falls, and ends at 100. */
  progress?: number;
}

/** Gets every event, while the work waits; what it throws ends the work. */
export type ProgressCallback = (event: ProgressEvent) => void;

/** Tells of one file, or one step, of a model. */
export class Stage {
  readonly #tell: (event: Omit<ProgressEvent, 'name' | 'file'>) => void;
  #percent = -1;

  /** @param file as `ProgressEvent` has it */
  constructor(onProgress: ProgressCallback | undefined, name: string, file: string) {
    this.#tell = ({ status, ...rest }) => onProgress?.({ status, name, file, ...rest });
  }

  /** It begins. */
  begin(): void {
    this.#tell({ status: 'initiate' });
  }

  /** Its bytes will come from the network. */
  download(): void {
    this.#tell({ status: 'download' });
  }

  /** Tells how far it is, once for every whole percent; also where a download begins anew. */
  advance(loaded: number, total: number | undefined): void {
    if (total === undefined || total === 0) return this.#tell({ status: 'progress', loaded });
    const percent = Math.floor((100 * loaded) / total);
    if (percent > this.#percent) this.step(loaded, total);
    this.#percent = Math.max(this.#percent, percent);
  }

  /** Tells how far it is. */
  step(loaded: number, total: number | undefined): void {
    const known = total === undefined ? {} : { total, progress: (100 * loaded) / total };
    this.#tell({ status: 'progress', loaded, ...known });
  }

  /** All of it is done. */
  end(): void {
    this.#tell({ status: 'done' });
  }
}
