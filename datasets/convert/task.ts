import type { MaskConversion } from './labelTables.ts';
import type { ContextImage } from './pascalContext.ts';

/** What is done about a target file. */
export type ConversionMode = 'convert' | 'force' | 'check';

/** One file to write, as it is sent to a worker thread. */
export type ConversionTask =
  | { kind: 'mask'; conversion: MaskConversion; source: string; target: string }
  | { kind: 'context'; image: ContextImage; source: string; target: string };

/** What a worker thread is told. */
export interface WorkerTask {
  task: ConversionTask;
  mode: ConversionMode;
  /** Also replace files that rfclip did not make. */
  overwrite?: boolean;
}

/** What became of a task. */
export interface ConversionOutcome {
  status: 'written' | 'kept' | 'correct' | 'wrong' | 'failed';
  /** For `wrong` and `failed`. */
  message?: string;
  /** No later file could be written either. */
  fatal?: boolean;
  /** Labels that the data set does not use, kept as they were. */
  unknown?: number[];
}
