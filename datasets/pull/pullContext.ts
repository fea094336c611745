import type { DataPullOptions } from './pullOptions.ts';
import type { PullRecord } from './pullRecord.ts';

type Decided = 'keepArchives' | 'unverified' | 'overwrite' | 'reporter' | 'freeBytes';

/** What all steps of a pull share. */
export interface PullContext
  extends Required<Pick<DataPullOptions, Decided>>, Pick<DataPullOptions, 'fromArchives' | 'signal' | 'patience'> {
  /** The data folder. */
  data: string;
  /** The benchmark's folder, below the data folder. */
  root: string;
  /** Where archives lie while they come, and for as long as they are kept. */
  archives: string;
  record: PullRecord;
}
