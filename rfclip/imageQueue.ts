/** How an image may share a program with others. */
export interface QueuePlace {
  /** Images go together where this is equal. */
  kind: string;
  /** How many of them at most; 1 for an image that goes by itself. */
  atOnce: number;
}

/** An image that waits for its program, or is in it. */
interface Entry<Image, Part> extends QueuePlace {
  image: Image;
  /** Records what is left to do with the image, and reads it. Its outcome is that of `run`. */
  use: (part: Part) => Promise<unknown>;
  fail: (error: unknown) => void;
}

/** Programs that the device has at a time: of several images two, of one image three. More would only take memory. */
const PROGRAMS = { together: 2, alone: 3 };

/**
 * Where images wait for the device. While it has enough to do, what comes waits; then all that waits and is alike goes
 * together, in the order in which it came, and nothing ever waits for more to come.
 */
export class ImageQueue<Image, Part> {
  readonly #record: (images: readonly Image[]) => readonly Part[];
  readonly #waiting: Entry<Image, Part>[] = [];
  #programs = 0;

  /** `record` records one program for several images and returns what each has of it. */
  constructor(record: (images: readonly Image[]) => readonly Part[]) {
    this.#record = record;
  }

  /**
   * Has an image recorded, alone or with others, at once where the device has room, and does the rest with its part.
   * Where images cannot be recorded together, each is recorded by itself, so that none fails for another.
   * @throws what recording the image alone, or `use`, throws
   */
  run<Result>(image: Image, place: QueuePlace, use: (part: Part) => Promise<Result>): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const work = async (part: Part) => {
        try {
          resolve(await use(part));
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.push({ image, ...place, use: work, fail: reject });
      this.#start();
    });
  }

  #start(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined) return;
      if (this.#programs >= (first.atOnce > 1 ? PROGRAMS.together : PROGRAMS.alone)) return;
      const group = this.#waiting.filter(({ kind }) => kind === first.kind).slice(0, first.atOnce);
      for (const entry of group) this.#waiting.splice(this.#waiting.indexOf(entry), 1);
      this.#programs++;
      void this.#go(group).finally(() => {
        this.#programs--;
        this.#start();
      });
    }
  }

  async #go(group: readonly Entry<Image, Part>[]): Promise<void> {
    let parts: readonly Part[];
    try {
      parts = this.#record(group.map(({ image }) => image));
    } catch (error) {
      if (group.length === 1) return group[0].fail(error);
      for (const entry of group) await this.#go([entry]);
      return;
    }
    await Promise.all(group.map(({ use }, i) => use(parts[i])));
  }
}
