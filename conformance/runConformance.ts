import type { Device } from '../engine/device.ts';
import { isDeviceFailure } from '../engine/errors.ts';
import { matmulKernelRuns, type MatmulKernelName, useMatmulKernel } from '../engine/ops/matmulKernels.ts';
import { type AbortSignalLike, throwIfAborted } from '../system/abort.ts';
import type { CaseContext } from './cases/casePart.ts';
import { checkCase, planCases, type PlannedCase } from './cases/plannedCases.ts';
import { type CaseResult, type ConformanceSummary, failure, judge, summarise } from './comparison/caseResult.ts';
import { ConformanceError } from './reading/manifest.ts';
import { ReferenceFiles } from './reading/referenceFiles.ts';
import { SharedModels } from './reading/sharedModels.ts';

/** What a run needs. */
export interface ConformanceOptions {
  /**
   * Laid out like the reference: sub-folders with a `manifest.json` each. In a browser, the bytes of a zip archive of
   * that folder (`scripts/packRecordings.mjs`).
   */
  directory: string | Uint8Array;
  /** Opened and destroyed by the caller. Weights that the run uploads stay on it. */
  device: Device;
  /** Runs only what contains this in `folder/case`. */
  only?: string;
  /** Computes all f32 products with this kernel; default: with the one that suits the adapter. */
  matmul?: MatmulKernelName;
  /** Gives the run up between two cases. */
  signal?: AbortSignalLike;
  /** Called with every result as soon as it is there; `total` is how many there will be. */
  report?: (result: CaseResult, total: number) => void;
}

/**
 * Runs every recorded case of a reference folder on a device and compares every recorded output. A case that is damaged
 * or fails does not end the run.
 * @returns all results, counted; the last is `engine/no-live-buffers`: what the run left on the device besides weights.
 * @throws ConformanceError when the folder does not exist, holds no manifest, no case matches `only`, or the adapter
 *   cannot run the kernel of `matmul`; DeviceError when the device is lost, because nothing after that could be
 *   trusted; the signal's reason once it is aborted.
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceSummary> {
  const { directory, device, only, matmul, report, signal } = options;
  if (matmul !== undefined && !matmulKernelRuns(device, matmul))
    throw new ConformanceError(`${device.name} cannot run the kernel ${matmul}`, '--matmul');
  const files = new ReferenceFiles(directory);
  try {
    const planned = planCases(files).filter(({ name }) => only === undefined || name.includes(only));
    if (planned.length === 0)
      throw new ConformanceError(`no case of ${files.directory} has "${only}" in its name`, '--only');
    // Made now, so that it does not look like a leak of the first case that binds it.
    void device.placeholder;
    const before = device.pool.statistics.liveBytes;
    const models = new SharedModels(device, files);
    const results: CaseResult[] = [];
    const add = (result: CaseResult) => {
      results.push(result);
      // One more than the cases: what is left on the device.
      report?.(result, planned.length + 1);
    };
    useMatmulKernel(device, matmul);
    for (const one of planned) {
      throwIfAborted(signal);
      add(await runCase(one, { device, files, models }));
    }
    add(liveBuffers(device.pool.statistics.liveBytes - before - models.weightBytes));
    return summarise(results);
  } finally {
    useMatmulKernel(device, undefined);
    files.close();
  }
}

async function runCase(planned: PlannedCase, context: CaseContext): Promise<CaseResult> {
  const { name } = planned;
  try {
    return judge(name, await checkCase(planned, context));
  } catch (error) {
    context.device.assertUsable();
    if (isDeviceFailure(error)) throw error;
    return failure(name, error);
  }
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
