import type { Device } from '../engine/device.ts';
import type { KernelTime } from '../engine/profiler.ts';

/** Time that kernels took on the device. */
export interface KernelTimes {
  /** Sums per kernel since the model was opened or they were reset, slowest first. Empty where nothing is timed. */
  readonly kernels: readonly KernelTime[];
  /** Launches that were not timed, because there were too many at a time. */
  readonly untimed: number;
  /** Why nothing is timed, in a sentence; absent where kernels are timed. */
  readonly problem?: string;
  /**
   * To how many milliseconds time stamps are rounded, as browsers do: shorter launches count as 0 or as one step, so
   * that only sums of many say something. Absent where they are not.
   */
  readonly stepMilliseconds?: number;
}

/** What the profiler of a device has found. */
export function kernelTimesOf({ profiler, name, gpu }: Device): KernelTimes {
  if (profiler !== undefined) {
    const { times, untimed, stepMilliseconds } = profiler;
    return { kernels: times, untimed, ...(stepMilliseconds === undefined ? {} : { stepMilliseconds }) };
  }
  const problem = gpu.features.has('timestamp-query')
    ? 'kernels are not timed, because the model was opened without the option profile'
    : `kernels cannot be timed: ${name} has no timestamp queries here`;
  return { kernels: [], untimed: 0, problem };
}
