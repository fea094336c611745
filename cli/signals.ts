import { removeUnfinishedFiles } from '../system/atomicWrite.ts';
import { removeUnusedFolders } from '../system/makeFolders.ts';

/** Signals that ask for an end, with exit codes by convention: 128 plus the signal's number. */
export const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Their names. */
export type SignalName = keyof typeof SIGNALS;

/**
 * Ends the process at the first of these signals, after a farewell. Where somebody listens to them already, as `eval`
 * does to finish its image, nothing changes.
 * @returns takes the handlers off
 */
export function endOnSignals(farewell: () => void): () => void {
  const names = (Object.keys(SIGNALS) as SignalName[]).filter((name) => process.listenerCount(name) === 0);
  const handlers = names.map((name) => {
    const handler = () => {
      farewell();
      process.off(name, handler);
      endBy(name);
    };
    process.on(name, handler);
    return () => void process.off(name, handler);
  });
  return () => handlers.forEach((off) => off());
}

/**
 * Ends the process by a signal that nobody handles any more, which shells show as its exit code. `process.exit` would
 * take Dawn apart while its threads are at work, which can crash; it is for processes that signals do not end, such as
 * the first one of a container.
 */
export function endBy(name: SignalName): void {
  removeUnfinishedFiles();
  removeUnusedFolders();
  process.kill(process.pid, name);
  setTimeout(() => process.exit(SIGNALS[name]), 100);
}
