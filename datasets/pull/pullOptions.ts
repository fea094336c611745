import type { AbortSignalLike } from '../../system/abortSignal.ts';
import type { Reporter } from '../../system/reporter.ts';
import type { DataSource } from './sources.ts';

/** How to pull a data set. */
export interface DataPullOptions {
  /** A folder of archives that somebody fetched by hand. */
  fromArchives?: string;
  /** Leave archives in the folder `archives` below the data folder. Default false. */
  keepArchives?: boolean;
  /** Compare archives with nothing. Default false. */
  unverified?: boolean;
  /** Also replace files of somebody else that differ from the archive's. Default false. */
  overwrite?: boolean;
  /** Worker threads of conversions. Default: as many as processors, at most 8. */
  threads?: number;
  /** Default: silent. */
  reporter?: Reporter;
  /** Ends a download; the bytes that came stay for the next time. */
  signal?: AbortSignalLike;
  /** Bytes that may still be written to the data folder. Default: what the disk says. */
  freeBytes?: () => number;
  /** For tests: how patient downloads are, as in `download`. */
  patience?: { attempts?: number; backoffMilliseconds?: number; stallMilliseconds?: number };
  /** For tests: another table than `DATA_SOURCES`. */
  sources?: Readonly<Record<string, DataSource>>;
}
