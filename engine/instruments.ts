import { DebugObserver, type DebugTools, parseDebugOptions, wgslSaver } from './debug.ts';
import type { Bindable } from './dispatch.ts';
import type { AdapterInfo, GpuDevice } from './gpuTypes.ts';
import { formatKernelTimes, Profiler } from './profiler.ts';

/** Which instruments a device has. */
export interface InstrumentOptions {
  /** Time every dispatch; ignored with a notice where the adapter has no timestamp queries. */
  profileKernels?: boolean;
  /** Value of RFCLIP_DEBUG; the default is the environment's. */
  debug?: string;
  /** Where notices and debug lines go; the default drops them. */
  log?: (line: string) => void;
}

/** What watches the work of a device, where somebody asked for it. */
export interface Instruments<Flags extends Bindable> {
  profiler: Profiler | undefined;
  debug: DebugObserver<Flags> | undefined;
  /** Gets the WGSL of every pipeline by its key. */
  saveWgsl: ((key: string, wgsl: string) => void) | undefined;
  /** Prints what there is to say of all the work, and frees the profiler. */
  end(): void;
}

/**
 * The instruments that options ask for.
 * @param tools what the observer asks of the device, once there is work
 * @throws RfclipError as `parseDebugOptions`
 */
export function openInstruments<Flags extends Bindable>(
  gpu: GpuDevice,
  info: AdapterInfo,
  { profileKernels = false, debug: words, log = () => {} }: InstrumentOptions,
  tools: Omit<DebugTools<Flags>, 'log'>,
): Instruments<Flags> {
  const options = parseDebugOptions(words);
  const wantsTimes = profileKernels || options.timing;
  const profiler = wantsTimes && gpu.features.has('timestamp-query') ? new Profiler(gpu) : undefined;
  if (wantsTimes && profiler === undefined) log(`${info.description}: no timestamp queries, so kernels are not timed`);
  const isWatched = options.dispatches || options.nonFinite;
  const debug = isWatched ? new DebugObserver(options, { ...tools, log }) : undefined;
  return {
    profiler,
    debug,
    saveWgsl: wgslSaver(options),
    end() {
      debug?.end();
      if (profiler === undefined) return;
      if (options.timing) log(formatKernelTimes(profiler.times, profiler.untimed));
      profiler.destroy();
    },
  };
}
