/** Progress of one activity. */
export interface Progress {
  /** One more of the announced steps is done; `label` says what. */
  step(label: string): void;
  /** No step will follow, whether all were done or not. */
  stop(): void;
}

/** How progress is shown. */
export interface ProgressOptions {
  titled?: boolean;
}

/** Where work that takes long says how it goes; results are returned and not told here. */
export interface Reporter {
  /** A remark: notices, warnings, what is waited for. */
  note(line: string): void;
  /** Something that failed while the rest goes on. */
  failure(line: string): void;
  /**
   * Announces an activity of `total` steps.
   * @param options.titled the title also stands in lines that are written for single steps, since it says what of
   */
  progress(title: string, total: number, options?: ProgressOptions): Progress;
}

/** Says nothing. */
export const SILENT: Reporter = {
  note: () => {},
  failure: () => {},
  progress: () => ({ step: () => {}, stop: () => {} }),
};
