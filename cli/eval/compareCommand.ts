import { join } from 'node:path';
import type { Command } from 'commander';
import { compareResults } from '../../evaluation/results/comparison.ts';
import { formatComparisonCsv, formatComparisonMarkdown } from '../../evaluation/results/comparisonReport.ts';
import { makeConsole } from '../console.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { atomicWrite } from '../../system/atomicWrite.ts';
import { formatClassComparison, formatComparison } from './comparisonTables.ts';
import { findResults } from '../../evaluation/results/findResults.ts';

interface CompareFlags {
  classes?: boolean;
  out?: string;
  json?: boolean;
}

/** Adds `rfclip compare`. */
export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .description('results beside each other and beside published figures')
    .argument('<result...>', 'result.json files of rfclip eval, folders that hold one, or folders of such folders')
    .option('--classes', 'also IoU per class')
    .option('--out <folder>', 'write compare.md and compare.csv there')
    .option('--json', 'print one JSON document and nothing else')
    .action(compare);
}

async function compare(names: string[], flags: CompareFlags): Promise<void> {
  const console = makeConsole({ json: flags.json === true });
  const found = new Map(names.flatMap(findResults).map((entry) => [entry.path, entry]));
  const comparison = compareResults([...found.values()]);
  console.result(formatComparison(comparison));
  if (flags.classes === true)
    for (const row of comparison.rows) console.result(`\n${formatClassComparison(row, comparison.columns)}`);
  for (const remark of comparison.remarks) console.note(`note: ${remark}`);
  if (flags.out !== undefined) {
    makeOutputFolder(flags.out);
    await atomicWrite(join(flags.out, 'compare.csv'), formatComparisonCsv(comparison));
    await atomicWrite(join(flags.out, 'compare.md'), formatComparisonMarkdown(comparison));
    console.result(`written: ${join(flags.out, 'compare.md')}, ${join(flags.out, 'compare.csv')}`);
  }
  const { columns, publishedColumns, rows, remarks } = comparison;
  const figures = (values: readonly (number | undefined)[]) =>
    Object.fromEntries(publishedColumns.map((column, k) => [column, values[k] ?? null]));
  console.json({
    dataSets: rows.map(({ dataSet, title, results, published }) => ({
      dataSet,
      title,
      runs: Object.fromEntries(
        results.flatMap((result, k) =>
          result === undefined
            ? []
            : [
                [
                  columns[k],
                  {
                    ...result.metrics,
                    images: result.images,
                    classes: Object.fromEntries(result.classes.map(({ name, iou }) => [name, iou])),
                  },
                ],
              ],
        ),
      ),
      publishedMIoU: figures(published),
    })),
    remarks,
  });
}
