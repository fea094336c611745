import type { ImageLimits } from '../clip/image/limits.ts';
import type { Reporter } from '../system/reporter.ts';
import { checkPair } from './checkPair.ts';
import type { DataSet } from './dataSet.ts';

/** What a look at a data set on disk showed. */
export interface DataSetCheck {
  /** All pairs are there, and sound as far as was looked. */
  complete: boolean;
  /** A sentence about each problem inside of the files; undefined where nobody looked inside. */
  unreadable?: string[];
}

/** Steps of the bar. */
const STEPS = 20;

/**
 * Whether all of a data set is there.
 * @param options.deep also look into every file, as `checkPair` does, and report progress
 */
export async function checkDataSet(
  dataSet: DataSet,
  { deep, reporter, ...limits }: { deep: boolean; reporter: Reporter } & ImageLimits,
): Promise<DataSetCheck> {
  const unreadable = deep ? await lookInside(dataSet, reporter, limits) : undefined;
  const { pairs, missing, expectedPairs = pairs.length } = dataSet;
  const complete =
    pairs.length > 0 && missing.length === 0 && (unreadable ?? []).length === 0 && pairs.length === expectedPairs;
  return { complete, unreadable };
}

async function lookInside({ pairs }: DataSet, reporter: Reporter, limits: ImageLimits): Promise<string[]> {
  const progress = reporter.progress('reading', STEPS);
  const problems: string[] = [];
  let step = 0;
  try {
    for (const [index, pair] of pairs.entries()) {
      problems.push(...(await checkPair(pair, limits)));
      for (; step < Math.floor((STEPS * (index + 1)) / pairs.length); step++)
        progress.step(`${index + 1} of ${pairs.length} pairs`);
    }
  } finally {
    progress.stop();
  }
  return problems;
}
