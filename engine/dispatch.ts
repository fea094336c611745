import type { DType } from './dtype.ts';
import type { BufferBinding } from './gpuTypes.ts';
import type { KernelParams } from './kernelParams.ts';
import type { KernelConstants } from './pipeline.ts';

/** Threads of a workgroup in every kernel that is launched by `threads`. */
export const THREADS_PER_WORKGROUP = 64;

/** One kernel launch as an op describes it. */
export type Dispatch = KernelCall & (ThreadCount | WorkgroupCounts);

/** What a launch runs. */
interface KernelCall {
  /** Kernel file name without `.wgsl`. */
  kernel: string;
  constants?: KernelConstants;
  /** The kernel's `struct Params` at binding 0, by name. Left out where the kernel has no parameters. */
  params?: KernelParams;
  /** Bound at 1, 2, ... in this order, inputs and outputs alike. */
  tensors: readonly Bindable[];
  /** Arithmetic operations, for the profiler. */
  flops?: number;
  /** Bytes read and written at least once; derived from `tensors` where left out. */
  bytes?: number;
}

/** What a launch needs of a tensor. */
export interface Bindable {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly size: number;
  readonly byteLength: number;
  /** @throws ShapeError when the tensor was disposed. */
  binding(): BufferBinding;
}

/** How a kernel is launched where each thread does one piece of work. */
interface ThreadCount {
  /** Pieces of work; 0 records nothing, so that ops need no case for empty tensors. */
  threads: number;
  workgroups?: undefined;
}

/** How a kernel is launched where a whole workgroup does one piece of work. */
interface WorkgroupCounts {
  workgroups: Workgroups;
  threads?: undefined;
}

/** Workgroups along x, y and z. */
export type Workgroups = readonly [number, number, number];

/** Most workgroups along one axis of a dispatch that WebGPU guarantees. */
const MAX_WORKGROUPS = 65535;

/**
 * Workgroup counts for `count` independent workgroups, folded into two axes where one is too short. A kernel recovers
 * its number as `workgroup.y * num_workgroups.x + workgroup.x` and ignores the few beyond `count`.
 */
export function foldWorkgroups(count: number): [number, number, number] {
  const y = Math.max(1, Math.ceil(count / MAX_WORKGROUPS));
  return [Math.max(1, Math.ceil(count / y)), y, 1];
}

/** Workgroup counts of a launch. */
export function workgroupsOf({ threads, workgroups }: Dispatch): Workgroups {
  return workgroups ?? foldWorkgroups(Math.ceil(threads / THREADS_PER_WORKGROUP));
}

/** Sees every launch after it was recorded. */
export interface DispatchObserver {
  onDispatch(dispatch: Dispatch, label: string, workgroups: Workgroups): void;
}
