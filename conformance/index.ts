/**
 * Recorded calls of published code, read and compared: `runConformance` runs a whole reference folder on a device. Its
 * parts are for programs that look at single recordings, as this project's tests do:
 *
 * - reading: `ReferenceFiles` (files and tensors of a folder), `readManifest`, `RecordedCheckpoints`, `SharedModels`;
 * - cases: `planCases` (what a folder records) and `checkCase` (one of them, run through the mapping of its kind);
 * - comparison: `CaseChecks` (the recorded inputs, outputs and tolerances of one case, and what was found), `judge`.
 *
 * Nothing here prints or looks at the process; `formatCaseLine` and `formatSummary` make text of results.
 */
export { type ConformanceOptions, runConformance } from './runConformance.ts';
export {
  ConformanceError,
  type ManifestEntry,
  parametersOf,
  readManifest,
  type ReferenceCase,
  type TensorReference,
} from './reading/manifest.ts';
export { type RecordedTensor, ReferenceFiles } from './reading/referenceFiles.ts';
export { RecordedCheckpoints } from './reading/recordedCheckpoints.ts';
export { type LoadedModel, SharedModels } from './reading/sharedModels.ts';
export { type CaseContext } from './cases/casePart.ts';
export { checkCase, planCases, type PlannedCase } from './cases/plannedCases.ts';
export { recordedImage } from './cases/recordedImage.ts';
export { CaseChecks, type Finding } from './comparison/caseChecks.ts';
export {
  EXACT,
  largestError,
  type MaskEvidence,
  maskVerdict,
  positionOf,
  type Tolerance,
  toleranceOf,
} from './comparison/compare.ts';
export {
  type CaseResult,
  type ConformanceSummary,
  formatCaseLine,
  formatSummary,
  judge,
} from './comparison/caseResult.ts';
