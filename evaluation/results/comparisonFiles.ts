import { join } from 'node:path';
import { atomicWrite } from '../../system/atomicWrite.ts';
import type { Comparison } from './comparison.ts';
import { formatComparisonCsv, formatComparisonMarkdown } from './comparisonReport.ts';

/** Paths of what `writeComparisonFiles` writes. */
export function comparisonFiles(folder: string, name: string): { csv: string; markdown: string } {
  return { csv: join(folder, `${name}.csv`), markdown: join(folder, `${name}.md`) };
}

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
  const { csv, markdown } = comparisonFiles(folder, name);
  await atomicWrite(csv, formatComparisonCsv(comparison));
  await atomicWrite(markdown, formatComparisonMarkdown(comparison));
  return { csv, markdown };
}
