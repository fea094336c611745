import { compareResults } from '../../evaluation/results/comparison.ts';
import { writeComparisonFiles } from '../../evaluation/results/comparisonFiles.ts';
import type { EvaluationResult } from '../../evaluation/results/result.ts';
import type { Console } from '../console.ts';
import { formatComparison } from './comparisonTables.ts';
import type { EvalFlags } from './flags.ts';
import type { EvaluationPlan } from '../../evaluation/plan.ts';
import { formatMethods, formatResult } from './tables.ts';
import { counted } from '../../system/counted.ts';

/** Prints what came out; several data sets beside published figures, which `all.md` and `all.csv` then hold too. */
export async function reportResults(
  plan: EvaluationPlan,
  results: readonly EvaluationResult[],
  flags: EvalFlags,
  console: Console,
): Promise<void> {
  const { dataSets } = plan;
  const several = dataSets.some(({ below }) => below !== '');
  if (several) await reportAll(plan, results, flags, console);
  else console.result(flags.method === 'all' ? formatMethods(results) : formatResult(results[0]));
  for (const { dataSet } of dataSets) {
    // Methods share labels and images, and so what is wrong with them.
    const first = results.find(({ evaluation }) => evaluation.configuration.dataSet === dataSet.name);
    if (first === undefined) continue;
    const { labelsOutOfRange, failures, images } = first;
    const where = several ? `${dataSet.name}: ` : '';
    if (labelsOutOfRange > 0)
      console.note(
        `note: ${where}${counted(labelsOutOfRange, 'pixel has', 'pixels have')} a label that is no class and not ` +
          `255; do the labels belong to this class list?`,
      );
    if (failures.length > 0)
      console.failure(
        `${where}${failures.length} of ${images.selected} images were not evaluated and are not in the numbers above`,
      );
  }
  console.result(`results: ${flags.out}${several ? '/*' : ''}${flags.method === 'all' ? '/*' : ''}`);
  console.json({ results });
}

async function reportAll(
  { absent }: EvaluationPlan,
  results: readonly EvaluationResult[],
  { out }: EvalFlags,
  console: Console,
): Promise<void> {
  const comparison = compareResults(results.map((result) => ({ name: out, path: out, result })));
  for (const { name, problem } of absent) comparison.remarks.push(`${name} was left out: ${problem}`);
  console.result(formatComparison(comparison));
  for (const remark of comparison.remarks) console.note(`note: ${remark}`);
  // Shards share the folder, and each knows its own part only.
  if (results.some(({ shards }) => shards.count > 1)) return;
  await writeComparisonFiles(out, 'all', comparison);
}
