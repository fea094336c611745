/** Signals that ask for an end, with exit codes by convention: 128 plus the signal's number. */
export const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Ends the process at the first of these signals, after a farewell. Where somebody listens to them already, as `eval`
 * does to finish its image, nothing changes.
 * @returns takes the handlers off
 */
export function endOnSignals(farewell: () => void): () => void {
  const handlers = Object.entries(SIGNALS)
    .filter(([name]) => process.listenerCount(name) === 0)
    .map(([name, exitCode]) => {
      const handler = () => {
        farewell();
        process.exit(exitCode);
      };
      process.on(name, handler);
      return () => void process.off(name, handler);
    });
  return () => handlers.forEach((off) => off());
}
