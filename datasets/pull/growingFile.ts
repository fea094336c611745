import { open } from 'node:fs/promises';

/** The file that was being read is begun anew, so what was read of it counts for nothing. */
export class BegunAnew extends Error {}

const CHUNK = 1 << 20;

/** A file that is read while it is written: its reader waits for bytes that have not come yet. */
export class GrowingFile {
  /** Counts beginnings, so that a reader of an earlier one notices. */
  beginning = 0;
  readonly #paths: readonly string[];
  #length = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: () => void = () => {};

  /** @param paths where it is, the first that is there; it is renamed when it is whole */
  constructor(...paths: string[]) {
    this.#paths = paths;
  }

  /** Tells of the bytes that are there; none, or fewer than before, say that it is begun anew. */
  grow(length: number): void {
    if (length === 0 || length < this.#length) this.beginning++;
    this.#length = length;
    this.#wake();
  }

  /** No more bytes will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The rest will not come. */
  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  /**
   * Its bytes from the first on, as they come.
   * @throws BegunAnew when it is; what `fail` was told; the file system's error
   */
  async *chunks(): AsyncGenerator<Uint8Array> {
    const beginning = this.beginning;
    await this.#until(() => this.#length > 0 || this.#ended, beginning);
    const file = await this.#open();
    try {
      for (let at = 0; ;) {
        await this.#until(() => this.#length > at || this.#ended, beginning);
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(this.#length - at, 1)));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        if (this.beginning !== beginning) throw new BegunAnew();
        if (bytesRead === 0 && this.#ended) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  /** Waits for the end. @returns whether it was begun anew since, so that what was read counts for nothing */
  async untilEnd(beginning: number): Promise<boolean> {
    try {
      await this.#until(() => this.#ended, beginning);
      return false;
    } catch (error) {
      return error instanceof BegunAnew;
    }
  }

  async #until(holds: () => boolean, beginning: number): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.beginning !== beginning) throw new BegunAnew();
      if (holds()) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #open(): Promise<Awaited<ReturnType<typeof open>>> {
    for (const path of this.#paths.slice(0, -1)) {
      try {
        return await open(path, 'r');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
    return open(this.#paths.at(-1)!, 'r');
  }
}
