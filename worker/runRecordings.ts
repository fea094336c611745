import { ConformanceError } from '../conformance/reading/manifest.ts';
import { runConformance } from '../conformance/runConformance.ts';
import { openDevice } from '../engine/openDevice.ts';
import type { CallContext } from './calls.ts';
import type { ConformanceSummary, WorkerConformanceOptions } from './messages.ts';

/**
 * Runs a zip archive of recordings on a device of its own, in f32, and frees it.
 * Given up between two cases.
 * @throws as `runConformance`; ConformanceError for an archive that cannot be fetched; DeviceError
 */
export async function runRecordings(
  { source, only }: WorkerConformanceOptions,
  { onProgress, signal }: Pick<CallContext, 'onProgress' | 'signal'>,
): Promise<ConformanceSummary> {
  const directory = await bytesOf(source);
  const device = await openDevice({ precision: 'f32' });
  let done = 0;
  try {
    return await runConformance({
      directory,
      device,
      only,
      signal,
      report: (result, total) => onProgress({ done: ++done, total, result }),
    });
  } finally {
    device.destroy();
  }
}

async function bytesOf(source: WorkerConformanceOptions['source']): Promise<Uint8Array> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (typeof source !== 'string') {
    const found = source === undefined ? 'absent' : `of type ${typeof source}`;
    throw new ConformanceError(
      `the source of the recordings is ${found}, expected an address, a Blob or an ArrayBuffer`,
      'source',
    );
  }
  try {
    const response = await fetch(source);
    if (!response.ok) throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConformanceError(`the recordings at ${source} cannot be fetched: ${reason}`, source);
  }
}
