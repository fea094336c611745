import type { Allocations } from './allocations.ts';
import { buffersOf, encodeCommands, type Recorded, type RecordedDispatch } from './commands.ts';
import { type Dispatch, type DispatchObserver, workgroupsOf } from './dispatch.ts';
import { DeviceError, isTooLarge } from './errors.ts';
import type { BindGroups } from './bindGroups.ts';
import type { GpuBuffer, GpuDevice } from './gpuTypes.ts';
import { kernelParamsLayout } from './kernelParams.ts';
import type { BufferPool } from './memory.ts';
import type { ParameterBlocks } from './parameterBlocks.ts';
import { type PipelineCache, pipelineLabel } from './pipeline.ts';
import type { Profiler } from './profiler.ts';

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
    const { buffer, passes } = encodeCommands(commands, device);
    device.gpu.queue.submit([buffer]);
    this.#passes += passes;
    this.#submits++;
    for (const command of commands) if (command.kind === 'copy' && command.ownsSource) command.source.destroy();
    if (device.profiler !== undefined) await device.waitFor(device.profiler.collect());
    if (commands.length < recorded.length) throw device.allocations.refusal();
  }
}
