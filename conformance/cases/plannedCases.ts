import { CaseChecks } from '../comparison/caseChecks.ts';
import { sentenceOf } from '../comparison/caseResult.ts';
import { ConformanceError, type ManifestEntry, readManifest, type ReferenceCase } from '../reading/manifest.ts';
import type { ReferenceFiles } from '../reading/referenceFiles.ts';
import type { CaseContext, CasePart, CaseRunner } from './casePart.ts';
import { clipCase } from './clipCases.ts';
import { imageCase } from './imageCases.ts';
import { methodCase } from './methodCases.ts';
import { metricsCase } from './metricsCases.ts';
import { paperCase } from './paperCases.ts';
import { segmentorCase } from './segmentorCases.ts';
import { tokenizerCase } from './tokenizerCases.ts';

/** Folders whose cases are run, in this order: first what the later ones are made of. */
const RUNNERS: Record<string, CaseRunner> = {
  tokenizer: tokenizerCase,
  image: imageCase,
  clip: clipCase,
  methods: methodCase,
  paper: paperCase,
  segmentor: segmentorCase,
  metrics: metricsCase,
};

/** A line of a run to be: a case or a part of one, or what stands in a manifest where a case should be. */
export interface PlannedCase {
  /** `folder/case`. */
  name: string;
  folder: string;
  /** What the manifest records; undefined where that is no case. */
  reference?: ReferenceCase;
  /** How it is run; undefined where nobody knows. */
  part?: CasePart;
  /** Why it cannot be run. */
  problem?: string;
}

/**
 * Every case of a reference folder, in the order of a run. A folder of a known name without a manifest is listed all
 * the same, as a problem, so that its cases are not missed silently.
 * @throws ConformanceError when no sub-folder has a manifest.
 */
export function planCases(files: ReferenceFiles): PlannedCase[] {
  const order = Object.keys(RUNNERS);
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return files
    .folders(order)
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .flatMap((folder) => planFolder(folder, files));
}

function planFolder(folder: string, files: ReferenceFiles): PlannedCase[] {
  let entries: ManifestEntry[];
  try {
    entries = readManifest(files.json(folder, 'manifest.json'));
  } catch (error) {
    return [{ name: `${folder}/manifest.json`, folder, problem: sentenceOf(error) }];
  }
  const runner = Object.hasOwn(RUNNERS, folder) ? RUNNERS[folder] : undefined;
  return entries.flatMap(({ name: caseName, reference, problem }): PlannedCase[] => {
    const name = `${folder}/${caseName}`;
    if (reference === undefined) return [{ name, folder, problem }];
    const parts = runner?.(reference);
    if (parts === undefined)
      return [{ name, folder, problem: `this version knows no case of the kind ${folder}/${caseName.split('/')[0]}` }];
    return parts.map((part) => ({ name: `${folder}/${part.name}`, folder, reference, part }));
  });
}

/**
 * Runs a case as far as it goes and returns its comparisons, good and bad.
 * @throws ConformanceError when it cannot be run; whatever its part throws, which means that it failed.
 */
export async function checkCase(planned: PlannedCase, context: CaseContext): Promise<CaseChecks> {
  const { folder, reference, part, problem } = planned;
  if (part === undefined || reference === undefined) throw new ConformanceError(problem ?? 'the case cannot be read');
  const checks = new CaseChecks(reference, folder, context.files, part.compares);
  await part.run(checks, context);
  return checks;
}
