import type { DType } from './dtype.ts';
import type { Allocations } from './allocations.ts';
import { DeviceError, isTooLarge } from './errors.ts';
import type { BindGroups } from './bindGroups.ts';
import type { BufferBinding, GpuBuffer, GpuDevice } from './gpuTypes.ts';
import { type KernelParams, kernelParamsLayout } from './kernelParams.ts';
import type { BufferPool } from './memory.ts';
import type { ParameterBlocks } from './parameterBlocks.ts';
import { type KernelConstants, type Pipeline, type PipelineCache, pipelineLabel } from './pipeline.ts';
import type { Profiler } from './profiler.ts';

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

interface RecordedDispatch {
  kind: 'dispatch';
  kernel: string;
  constants: KernelConstants;
  pipeline: Pipeline;
  params: BufferBinding | undefined;
  bindings: BufferBinding[];
  workgroups: Workgroups;
  flops: number;
  bytes: number;
}

interface RecordedCopy {
  kind: 'copy';
  source: GPUBuffer;
  sourceOffset: number;
  target: GPUBuffer;
  targetOffset: number;
  bytes: number;
  /** Destroyed once the copy has been submitted: a staging buffer nobody else sees. */
  ownsSource: boolean;
}

type Recorded = RecordedDispatch | RecordedCopy;

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

function workgroupsOf({ threads, workgroups }: Dispatch): Workgroups {
  return workgroups ?? foldWorkgroups(Math.ceil(threads / THREADS_PER_WORKGROUP));
}

/** What the recorder needs of the device that owns it. */
export interface RecorderDevice {
  readonly gpu: GpuDevice;
  readonly allocations: Allocations;
  readonly pool: BufferPool;
  readonly pipelines: PipelineCache;
  readonly bindGroups: BindGroups;
  readonly parameterBlocks: ParameterBlocks;
  readonly profiler: Profiler | undefined;
  readonly debug: DispatchObserver | undefined;
  readonly maxFlopsPerSubmit: number;
  fail(failure: string | DeviceError): void;
  assertUsable(): void;
  waitFor<Result>(promise: Promise<Result>): Promise<Result>;
}

/** Sees every launch after it was recorded. */
export interface DispatchObserver {
  onDispatch(dispatch: Dispatch, label: string, workgroups: Workgroups): void;
}

/**
 * The list of commands between two submits. Ops append to it synchronously; `flush` waits for the pipelines, encodes
 * everything into one command encoder and submits it. Buffers may be reused by later commands of the same list, because
 * the device executes it in order.
 */
export class Recorder {
  readonly #device: RecorderDevice;
  #pending: Recorded[] = [];
  #pendingFlops = 0;
  #tail: Promise<void> = Promise.resolve();
  /** The part of the present list that was submitted early. */
  #early: Promise<void> | undefined;
  /** Lists handed to `flush` that are not submitted yet. */
  #waiting = 0;
  #submits = 0;
  #dispatches = 0;
  #passes = 0;

  /** One recorder per device; made by it. */
  constructor(device: RecorderDevice) {
    this.#device = device;
  }

  /** Command buffers submitted since the device was opened. */
  get submits(): number {
    return this.#submits;
  }

  /** Kernel launches recorded since the device was opened. */
  get dispatches(): number {
    return this.#dispatches;
  }

  /** Compute passes since the device was opened; a copy between two launches splits one. */
  get passes(): number {
    return this.#passes;
  }

  /** Whether everything recorded has been submitted, so that what is written to the queue now comes after all of it. */
  get isIdle(): boolean {
    return this.isEmpty && this.#waiting === 0;
  }

  /** Whether everything recorded has been handed to `flush`. */
  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /**
   * Appends a kernel launch.
   * @throws ShapeError when a tensor was disposed; DeviceError when a parameter is missing, mistyped or unknown.
   */
  dispatch(dispatch: Dispatch): void {
    const { kernel, constants = {}, params = {}, tensors } = dispatch;
    if (dispatch.threads === 0) return;
    const layout = kernelParamsLayout(kernel);
    const recorded: RecordedDispatch = {
      kind: 'dispatch',
      kernel,
      constants,
      pipeline: this.#device.pipelines.find(kernel, constants),
      params: layout && this.#device.parameterBlocks.place(layout, params),
      bindings: tensors.map((tensor) => tensor.binding()),
      workgroups: workgroupsOf(dispatch),
      flops: dispatch.flops ?? 0,
      bytes: dispatch.bytes ?? tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0),
    };
    this.#pending.push(recorded);
    this.#dispatches++;
    this.#device.debug?.onDispatch(dispatch, pipelineLabel(kernel, constants), recorded.workgroups);
    this.#pendingFlops += recorded.flops;
    // A long command list would trip the watchdog of a weak GPU; the limit is in work, not in dispatches.
    if (this.#pendingFlops > this.#device.maxFlopsPerSubmit) this.#early = this.flush();
  }

  /** Appends a copy of `bytes` (a multiple of 4) between buffers. */
  copy(
    source: GpuBuffer,
    sourceOffset: number,
    target: GpuBuffer,
    targetOffset: number,
    bytes: number,
    ownsSource = false,
  ): void {
    if (bytes === 0) return;
    this.#pending.push({ kind: 'copy', source, sourceOffset, target, targetOffset, bytes, ownsSource });
  }

  /**
   * Encodes and submits everything recorded before this call; resolves when it has been submitted (not when it has
   * run). Calls are served in order.
   * @throws DeviceError when a kernel was refused or the device has failed, and drops that list; where a buffer has no
   *   memory (`RFCLIP-OUT-OF-MEMORY`), only what uses it.
   */
  flush(): Promise<void> {
    const commands = this.#pending;
    this.#pending = [];
    this.#pendingFlops = 0;
    const early = this.#early;
    this.#early = undefined;
    if (commands.length > 0) {
      this.#waiting++;
      const previous = this.#tail;
      this.#tail = (async () => {
        await previous.catch(() => {});
        try {
          await this.#submit(commands);
          await early;
        } catch (error) {
          if (!isTooLarge(error)) this.#device.fail(error instanceof DeviceError ? error : String(error));
          throw error;
        } finally {
          this.#waiting--;
        }
        // A free buffer may still occur in commands that are recorded or wait for their turn.
        if (this.isIdle) this.#device.pool.trim();
      })();
      this.#tail.catch(() => {});
    }
    return this.#tail;
  }

  async #submit(recorded: readonly Recorded[]): Promise<void> {
    const device = this.#device;
    const unsettled = device.allocations.settle();
    if (unsettled !== undefined) await device.waitFor(unsettled);
    const commands = device.allocations.possible(recorded, buffersOf);
    const compiling = commands.flatMap((command) =>
      command.kind === 'dispatch' && command.pipeline.ready === undefined ? [command.pipeline.compiled] : [],
    );
    await device.waitFor(Promise.all(compiling));
    device.assertUsable();
    const gpu = device.gpu;
    const encoder = gpu.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    const endPass = () => {
      pass?.end();
      pass = undefined;
    };
    for (const command of commands) {
      if (command.kind === 'copy') {
        endPass();
        encoder.copyBufferToBuffer(
          command.source,
          command.sourceOffset,
          command.target,
          command.targetOffset,
          command.bytes,
        );
        continue;
      }
      const timestamps = device.profiler?.begin(
        pipelineLabel(command.kernel, command.constants),
        command.flops,
        command.bytes,
      );
      if (timestamps !== undefined) endPass();
      if (pass === undefined) {
        pass = encoder.beginComputePass(timestamps === undefined ? {} : { timestampWrites: timestamps });
        this.#passes++;
      }
      const pipeline = command.pipeline.ready!;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.bindGroups.get(pipeline, command.params, command.bindings));
      pass.dispatchWorkgroups(command.workgroups[0], command.workgroups[1], command.workgroups[2]);
      if (timestamps !== undefined) endPass();
    }
    endPass();
    device.profiler?.resolve(encoder);
    gpu.queue.submit([encoder.finish()]);
    this.#submits++;
    for (const command of commands) if (command.kind === 'copy' && command.ownsSource) command.source.destroy();
    if (device.profiler !== undefined) await device.waitFor(device.profiler.collect());
    if (commands.length < recorded.length) throw device.allocations.refusal();
  }
}

function buffersOf(command: Recorded): readonly GpuBuffer[] {
  return command.kind === 'copy' ? [command.source, command.target] : command.bindings.map(({ buffer }) => buffer);
}
