/** Work of which only the newest request counts. */
export interface Latest<Request> {
  /** Asks; what waits is forgotten, and what runs is finished and its answer dropped. */
  ask(request: Request): void;
  /** Forgets what was asked. */
  drop(): void;
}

/**
 * One request at a time: the newest waits for the one that runs. A GPU has no use for two.
 * @param work does it
 * @param done gets its answer, or the error, where nothing newer was asked
 * @param idle is told when nothing is left to do
 */
export function latest<Request, Answer>(
  work: (request: Request) => Promise<Answer>,
  done: (outcome: { answer: Answer } | { error: unknown }, request: Request) => void,
  idle: () => void,
): Latest<Request> {
  let waiting: { request: Request } | undefined;
  let running: object | undefined;

  async function run(): Promise<void> {
    while (waiting !== undefined) {
      const { request } = waiting;
      const mine = {};
      waiting = undefined;
      running = mine;
      const outcome = await work(request).then(
        (answer) => ({ answer }),
        (error: unknown) => ({ error }),
      );
      if (running !== mine) return;
      if (waiting === undefined) done(outcome, request);
    }
    running = undefined;
    idle();
  }

  return {
    ask(request) {
      waiting = { request };
      if (running === undefined) void run();
    },
    drop() {
      waiting = undefined;
      if (running === undefined) return;
      running = undefined;
      idle();
    },
  };
}
