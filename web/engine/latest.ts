/** Work of which only the newest request counts. */
export interface Latest<Request> {
  /** Asks; whatever was asked before is given up. */
  ask(request: Request): void;
  /** Gives up what was asked. */
  drop(): void;
}

/**
 * One request at a time: the newest waits until the one that runs has been given up.
 * @param work does it, and ends soon where the signal says so
 * @param done gets its answer, or the error, where nothing newer was asked
 * @param idle is told when nothing is left to do
 */
export function latest<Request, Answer>(
  work: (request: Request, signal: AbortSignal) => Promise<Answer>,
  done: (outcome: { answer: Answer } | { error: unknown }, request: Request) => void,
  idle: () => void,
): Latest<Request> {
  let waiting: { request: Request } | undefined;
  let running: AbortController | undefined;

  async function run(): Promise<void> {
    while (waiting !== undefined) {
      const { request } = waiting;
      const { signal } = (running = new AbortController());
      waiting = undefined;
      const outcome = await work(request, signal).then(
        (answer) => ({ answer }),
        (error: unknown) => ({ error }),
      );
      if (!signal.aborted) done(outcome, request);
    }
    running = undefined;
    idle();
  }

  return {
    ask(request) {
      waiting = { request };
      if (running === undefined) void run();
      else running.abort();
    },
    drop() {
      waiting = undefined;
      running?.abort();
    },
  };
}
