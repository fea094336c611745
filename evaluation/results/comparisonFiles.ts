import { join } from 'node:path';
import { atomicWrite } from '../../system/atomicWrite.ts';
import type { Comparison } from './comparison.ts';
import { formatComparisonCsv, formatComparisonMarkdown } from './comparisonReport.ts';

/**
 * Writes `NAME.csv` and `NAME.md` into a folder, which must exist.
 * @returns their paths
 * @throws OutputError
 */
export async function writeComparisonFiles(
  folder: string,
  name: string,
  comparison: Comparison,
): Promise<{ csv: string; markdown: string }> {
  const [csv, markdown] = [join(folder, `${name}.csv`), join(folder, `${name}.md`)];
  await atomicWrite(csv, formatComparisonCsv(comparison));
  await atomicWrite(markdown, formatComparisonMarkdown(comparison));
  return { csv, markdown };
}
