import type { AbortSignalLike } from '../../system/abortSignal.ts';
import type { Reporter } from '../../system/reporter.ts';
import type { DownloadOptions } from '../../weights/download.ts';
import type { PullRecord } from './pullRecord.ts';

/** What all steps of a pull share. */
export interface PullContext {
  /** The data folder. */
  data: string;
  /** The benchmark's folder, below the data folder. */
  root: string;
  /** Where archives lie while they come, and for as long as they are kept. */
  archives: string;
  /** A folder of archives that somebody fetched by hand. */
  fromArchives?: string;
  /** Leave archives in `archives`. */
  keepArchives: boolean;
  /** Compare archives with nothing. */
  unverified: boolean;
  /** Also replace files of somebody else that differ from the archive's. */
  overwrite: boolean;
  record: PullRecord;
  reporter: Reporter;
  signal?: AbortSignalLike;
  /** Bytes that may still be written to the data folder. */
  freeBytes: () => number;
  /** For tests: how patient downloads are. */
  patience?: Pick<DownloadOptions, 'attempts' | 'backoffMilliseconds' | 'stallMilliseconds'>;
}
