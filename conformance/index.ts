import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../engine/device.ts';
import { DeviceError, RfclipError } from '../engine/errors.ts';
import type { CaseContext, CasePart, CaseRunner } from './casePart.ts';
import { CaseChecks } from './caseChecks.ts';
import { type CaseResult, type ConformanceSummary, failure, judge, skipped, summarise } from './caseResult.ts';
import { clipCase } from './clipCases.ts';
import { imageCase } from './imageCases.ts';
import { ConformanceError, type ManifestEntry, readManifest, type ReferenceCase } from './manifest.ts';
import { metricsCase } from './metricsCases.ts';
import { methodCase } from './methodCases.ts';
import { paperCase } from './paperCases.ts';
import { ReferenceFiles } from './referenceFiles.ts';
import { segmentorCase } from './segmentorCases.ts';
import { SharedModels } from './sharedModels.ts';
import { tokenizerCase } from './tokenizerCases.ts';

export { type CaseResult, type ConformanceSummary, formatCaseLine, formatSummary } from './caseResult.ts';
export { ConformanceError } from './manifest.ts';

/** What a run needs. */
export interface ConformanceOptions {
  /** Laid out like the reference: sub-folders with a `manifest.json` each. */
  directory: string;
  /** Opened and destroyed by the caller. Weights that the run uploads stay on it. */
  device: Device;
  /** Runs only what contains this in `folder/case`. */
  only?: string;
  /** Called with every result as soon as it is there. */
  report: (result: CaseResult) => void;
}

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

/**
 * Runs every recorded case of a reference folder on a device and compares every recorded output. A case that is damaged
 * or fails does not end the run.
 * @returns all results, counted; the last is `engine/no-live-buffers`: what the run left on the device besides weights.
 * @throws ConformanceError when the folder does not exist, holds no manifest, or no case matches `only`; DeviceError
 *   when the device is lost, because nothing after that could be trusted.
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceSummary> {
  const { directory, device, only, report } = options;
  const folders = listFolders(directory);
  // Made now, so that it does not look like a leak of the first case that binds it.
  void device.placeholder;
  const before = device.pool.statistics.liveBytes;
  const files = new ReferenceFiles(directory);
  const models = new SharedModels(device, files);
  const results: CaseResult[] = [];
  const add = (result: CaseResult) => {
    results.push(result);
    report(result);
  };
  try {
    for (const folder of folders) {
      for (const part of listParts(folder, files)) {
        if (only === undefined || part.name.includes(only)) add(await runPart(part, { device, files, models }));
      }
    }
    if (results.length === 0) throw new ConformanceError(`no case of ${directory} has "${only}" in its name`, '--only');
    add(liveBuffers(device.pool.statistics.liveBytes - before - models.weightBytes));
  } finally {
    files.close();
  }
  return summarise(results);
}

/** A line of the run to be. */
interface PlannedPart {
  /** `folder/case`. */
  name: string;
  folder: string;
  reference?: ReferenceCase;
  part?: CasePart;
  problem?: string;
}

function listFolders(directory: string): string[] {
  if (!isFolder(directory))
    throw new ConformanceError(`the reference folder ${directory} does not exist or is no folder`, directory);
  const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) =>
    isFolder(join(directory, entry.name)),
  );
  const names = entries.map((entry) => entry.name).sort();
  const withManifest = names.filter(
    (name) => statSync(join(directory, name, 'manifest.json'), { throwIfNoEntry: false }) !== undefined,
  );
  if (withManifest.length === 0) {
    throw new ConformanceError(
      `the folder ${directory} is no reference folder: none of its sub-folders has a manifest.json`,
      directory,
    );
  }
  const order = Object.keys(RUNNERS);
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  // A folder of a known name without a manifest is listed all the same and fails, so that its cases are not missed
  // silently.
  return names
    .filter((name) => withManifest.includes(name) || order.includes(name))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function listParts(folder: string, files: ReferenceFiles): PlannedPart[] {
  const manifestName = `${folder}/manifest.json`;
  let entries: ManifestEntry[];
  try {
    entries = readManifest(files.json(folder, 'manifest.json'));
  } catch (error) {
    return [{ name: manifestName, folder, problem: sentence(error) }];
  }
  const runner = Object.hasOwn(RUNNERS, folder) ? RUNNERS[folder] : undefined;
  return entries.flatMap(({ name: caseName, reference, problem }): PlannedPart[] => {
    const name = `${folder}/${caseName}`;
    if (reference === undefined) return [{ name, folder, problem }];
    const parts = runner?.(reference);
    if (parts === undefined)
      return [{ name, folder, problem: `this version knows no case of the kind ${folder}/${caseName.split('/')[0]}` }];
    return parts.map((part) => ({ name: `${folder}/${part.name}`, folder, reference, part }));
  });
}

async function runPart(
  { name, folder, reference, part, problem }: PlannedPart,
  context: CaseContext,
): Promise<CaseResult> {
  if (part === undefined || reference === undefined) return failure(name, problem ?? 'the case cannot be read');
  if (part.skip !== undefined || part.run === undefined) return skipped(name, part.skip ?? 'nothing to run');
  const checks = new CaseChecks(reference, folder, context.files, part.compares);
  try {
    await part.run(checks, context);
  } catch (error) {
    context.device.assertUsable();
    if (error instanceof DeviceError && error.code !== 'RFCLIP-BUFFER-LIMIT') throw error;
    return failure(name, sentence(error));
  }
  return judge(name, checks);
}

function liveBuffers(bytes: number): CaseResult {
  const note = bytes === 0 ? '' : `${bytes} bytes of the run are still live on the device`;
  return {
    name: 'engine/no-live-buffers',
    verdict: bytes === 0 ? 'ok' : 'FAIL',
    error: bytes,
    tolerance: 0,
    output: 'bytes',
    compared: 1,
    note,
  };
}

function sentence(error: unknown): string {
  if (error instanceof RfclipError) return error.message;
  return `unexpected failure (please report it): ${error instanceof Error ? error.message : String(error)}`;
}
