import type { Progress, Reporter } from '../system/reporter.ts';

const MB = 1e6;
/** Steps of the progress bar. */
const STEPS = 20;

/** How a download tells of itself: fits the callbacks of `download`. */
export interface TransferProgress {
  onProgress: (received: number, total: number | undefined) => void;
  onRetry: (reason: string, milliseconds: number) => void;
  onWait: (line: string) => void;
  /** Takes the bar off. */
  stop: () => void;
}

/** Progress of bytes that come, with their speed; the bar begins with the first of them. */
export function transferProgress(reporter: Reporter, title: string): TransferProgress {
  let progress: Progress | undefined;
  const started = performance.now();
  let first: number | undefined;
  let step = 0;
  return {
    onProgress: (received, total) => {
      progress ??= reporter.progress(title, STEPS);
      first ??= received;
      if (total === undefined) return;
      for (; step < Math.floor((STEPS * received) / total); step++) {
        const speed = (received - first) / (performance.now() - started) / 1000;
        progress.step(`${(received / MB).toFixed(0)} of ${(total / MB).toFixed(0)} MB, ${speed.toFixed(1)} MB/s`);
      }
    },
    onRetry: (reason, milliseconds) =>
      reporter.note(`${reason}; trying again in ${(milliseconds / 1000).toFixed(1)} s`),
    onWait: (line) => reporter.note(line),
    stop: () => progress?.stop(),
  };
}
