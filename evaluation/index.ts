/**
 * Measuring methods on labelled images: what `rfclip eval`, `merge`, `compare` and `ablate` do.
 *
 * ```ts
 * const request = { name: 'sample', method: 'rfclip', out: 'out/sample', shard: WHOLE } as const;
 * const plan = planEvaluation(request);
 * const loader = openPairLoader({ threads: 2 });
 * const { results } = await evaluate(request, plan, { model, loader });
 * ```
 */
export { type AblationPlan, type AblationRunOutcome, runAblationPlan } from './ablationRun.ts';
export { type AblationJob, type AblationOutcome, runAblation } from './ablation.ts';
export {
  ConfigurationError,
  type ConfigurationFile,
  effectiveConfiguration,
  type EffectiveConfiguration,
  readConfigurationFile,
  type SettingsOverride,
} from './configuration.ts';
export { evaluate, type EvaluationMeans } from './evaluate.ts';
export { EvaluationError } from './evaluationError.ts';
export type { EvaluationRequest } from './evaluationRequest.ts';
export { formatHtmlReport } from './htmlReport/page.ts';
export { openPairLoader, type ThreadedPairLoader } from './loading/pairLoaderPool.ts';
export type { MethodChoice } from './methodChoice.ts';
export { compareMethods, type ImageVisit, type MethodComparisonJob, type MethodRow } from './methodComparison.ts';
export { checkEvaluationOutputs } from './outputFiles.ts';
export { ALL_BENCHMARKS, type DataSetPlan, type EvaluationPlan, planEvaluation } from './plan.ts';
export { RequestError } from '../system/requestError.ts';
export { type ComparedResult, type Comparison, type ComparisonRow, compareResults } from './results/comparison.ts';
export { comparisonDocument } from './results/comparisonDocument.ts';
export { writeComparisonFiles } from './results/comparisonFiles.ts';
export { findResults } from './results/findResults.ts';
export { mergeResults, type NamedResult } from './results/merge.ts';
export { mergeFolders } from './results/mergeFolders.ts';
export type { ClassResult, EvaluationResult, Timings } from './results/result.ts';
export { readResultFile, writeResultFiles } from './results/resultFiles.ts';
export {
  type EnvironmentShard,
  parseShard,
  type Shard,
  shardFromEnvironment,
  shardWarning,
  WHOLE,
} from './run/shard.ts';
export { type Progress, type ProgressOptions, type Reporter, SILENT } from '../system/reporter.ts';
