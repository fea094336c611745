import type { Command } from 'commander';
import { compareResults } from '../../evaluation/results/comparison.ts';
import { comparisonDocument } from '../../evaluation/results/comparisonDocument.ts';
import { comparisonFiles, writeComparisonFiles } from '../../evaluation/results/comparisonFiles.ts';
import { findResults } from '../../evaluation/results/findResults.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { makeConsole } from '../console.ts';
import { OVERWRITE } from '../modelFlags.ts';
import { formatClassComparison, formatComparison } from './comparisonTables.ts';

interface CompareFlags {
  classes?: boolean;
  baseline?: string;
  out?: string;
  overwrite?: boolean;
  json?: boolean;
}

/** Adds `rfclip compare`. */
export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .description('results beside each other and beside published figures')
    .argument('<result...>', 'result.json files of rfclip eval, folders that hold one, or folders of such folders')
    .option('--classes', 'also IoU per class')
    .option('--baseline <run>', 'the run that the others are held against: its column, file, folder or method')
    .option('--out <folder>', 'write compare.md and compare.csv there')
    .option(...OVERWRITE)
    .option('--json', 'print one JSON document and nothing else')
    .action(compare);
}

async function compare(names: string[], flags: CompareFlags): Promise<void> {
  const console = makeConsole({ json: flags.json === true });
  const found = new Map(names.flatMap(findResults).map((entry) => [entry.path, entry]));
  const { out, overwrite, baseline } = flags;
  const comparison = compareResults([...found.values()], { baseline });
  if (out !== undefined)
    checkOutputs({ files: Object.values(comparisonFiles(out, 'compare')), inputs: [...found.keys()], overwrite });
  console.result(formatComparison(comparison));
  if (flags.classes === true)
    for (const row of comparison.rows) console.result(`\n${formatClassComparison(row, comparison)}`);
  for (const remark of comparison.remarks) console.note(`note: ${remark}`);
  if (out !== undefined) {
    makeOutputFolder(out);
    const { markdown, csv } = await writeComparisonFiles(out, 'compare', comparison);
    console.result(`written: ${markdown}, ${csv}`);
  }
  console.json(comparisonDocument(comparison));
}
