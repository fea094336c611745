import type { Shard } from '../../evaluation/run/shard.ts';
import { endBy, type SignalName, SIGNALS } from '../signals.ts';

/** A run that may be asked to stop. */
export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal;
  /** Exit code by convention, 128 plus the signal's number; undefined while nobody interrupted. */
  exitCode: () => number | undefined;
  /** Takes the handlers off again. */
  release: () => void;
}

/**
 * Signals within this many milliseconds of the first are the same request: a terminal and a scheduler signal the whole
 * process group, and wrappers pass on what they got.
 */
const SAME_REQUEST = 1000;

/** That ask for an end; SIGHUP, of a terminal that is gone, does not wait for an image. */
const REQUESTS = ['SIGINT', 'SIGTERM'] as const satisfies SignalName[];

/**
 * Makes Ctrl-C and a scheduler's SIGTERM polite: the first asks the run to finish its image, a second one ends the
 * process at once, as SIGHUP does, which the journal survives.
 * @param options.onSecond comes before that end, for a terminal that is to be left as it was
 */
export function listenForInterrupts({
  onFirst,
  onSecond,
}: {
  onFirst: () => void;
  onSecond: () => void;
}): Interruption {
  const controller = new AbortController();
  let code: number | undefined;
  let first = 0;
  const release = () => handlers.forEach((off) => off());
  const endAtOnce = (name: SignalName) => {
    onSecond();
    release();
    endBy(name);
  };
  const handlers = REQUESTS.map((name) => {
    const handler = () => {
      if (code !== undefined) {
        if (performance.now() - first > SAME_REQUEST) endAtOnce(name);
        return;
      }
      code = SIGNALS[name];
      first = performance.now();
      controller.abort();
      onFirst();
    };
    process.on(name, handler);
    return () => void process.off(name, handler);
  });
  // Who ignores it, as below nohup, goes on.
  if (process.listenerCount('SIGHUP') === 0) {
    const hangUp = () => endAtOnce('SIGHUP');
    process.on('SIGHUP', hangUp);
    handlers.push(() => void process.off('SIGHUP', hangUp));
  }
  return { signal: controller.signal, exitCode: () => code, release };
}

/**
 * The command line that goes on with a run, quoted for a shell, and called the way it was called.
 *
 * @param args of this process, without Node and script
 * @param options.shard a shard that the environment named, which another shell does not know
 * @param options.goesOn words that say so, where the command needs any (default: --resume)
 */
export function resumeCommand(
  args: readonly string[],
  options: {
    shard?: Shard;
    goesOn?: readonly string[];
    environment: Readonly<Record<string, string | undefined>>;
  },
): string {
  const { shard, goesOn = ['--resume'], environment } = options;
  const words = [
    ...args,
    ...(shard === undefined ? [] : ['--shard', `${shard.index}/${shard.count}`]),
    ...goesOn.filter((word) => !args.includes(word)),
  ];
  return (
    `${callOf(environment)} ` +
    `${words.map((word) => (/^[\w./:=,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')}`
  );
}

function callOf({
  npm_lifecycle_event: script,
  npm_command: command,
}: Readonly<Record<string, string | undefined>>): string {
  if (script === 'rfclip') return 'npm run rfclip --';
  return command === 'exec' ? 'npx rfclip' : 'rfclip';
}
