import { Allocations } from './allocations.ts';
import { type AdapterClass, adapterClassOf, adapterName, type AdapterOptions, requestDevice } from './adapter.ts';
import type { DebugObserver } from './debug.ts';
import { BindGroups } from './bindGroups.ts';
import { Constants } from './constants.ts';
import { bytesPerElement, type DType, type HostArray, toBytes } from './dtype.ts';
import { watchDevice } from './deviceLoss.ts';
import { destroyAtExit } from './exitGuard.ts';
import { DeviceError, ShapeError } from './errors.ts';
import { FLOPS_PER_SUBMIT } from './flopsPerSubmit.ts';
import type { AdapterInfo, GpuDevice } from './gpuTypes.ts';
import { type InstrumentOptions, type Instruments, openInstruments } from './instruments.ts';
import { BufferPool } from './memory.ts';
import { ParameterBlocks } from './parameterBlocks.ts';
import { PipelineCache } from './pipeline.ts';
import type { Products } from './precision.ts';
import type { Profiler } from './profiler.ts';
import { Readback } from './readback.ts';
import { Recorder } from './recorder.ts';
import { requestAdapter } from './requestAdapter.ts';
import { Scopes } from './scopes.ts';
import { elementCount, formatShape } from './shape.ts';
import { Storage, Tensor, tensorsIn } from './tensor.ts';
import { waitForDevice } from './waitForDevice.ts';

/** How to open a device. */
export type DeviceOptions = AdapterOptions & InstrumentOptions;

/** A GPU and what belongs to it: buffer pool, pipelines, recorder, scopes. All ops of a tensor program run on one. */
export class Device {
  /** WebGPU's own object, for what the engine does not do. */
  readonly gpu: GpuDevice;
  readonly info: AdapterInfo;
  readonly adapterClass: AdapterClass;
  /** f32 unless `openDevice` chose otherwise. */
  products: Products = { precision: 'f32' };
  /** Whether the GPU went away, so that the same work may succeed on another device. */
  isLost = false;
  readonly allocations: Allocations;
  readonly pool: BufferPool;
  readonly pipelines: PipelineCache;
  readonly bindGroups: BindGroups;
  readonly parameterBlocks: ParameterBlocks;
  readonly recorder: Recorder;
  /** What `constant` made; ops keep their tables in it, too. */
  readonly constants = new Constants<Tensor>();
  readonly profiler: Profiler | undefined;
  readonly debug: DebugObserver<Tensor> | undefined;
  /** Alignment in bytes of a tensor inside its buffer. */
  readonly offsetAlignment: number;
  /** Recorded work beyond this is submitted early, for the watchdog of weak GPUs. */
  readonly maxFlopsPerSubmit: number;
  readonly #instruments: Instruments<Tensor>;
  readonly #readback: Readback;
  readonly #scopes = new Scopes<Tensor>(tensorsIn);
  readonly #unwatch: () => void;
  readonly #leaveExitGuard: () => void;
  #failure: DeviceError | undefined;
  #destroyed = false;
  #placeholder: Tensor | undefined;

  private constructor(gpu: GpuDevice, info: AdapterInfo, options: DeviceOptions) {
    this.#instruments = openInstruments(gpu, info, options, {
      makeFlags: (count) => this.withoutScope(() => this.tensor(new Uint32Array(count), [count], 'u32')),
      record: (dispatch) => this.recorder.dispatch(dispatch),
    });
    this.profiler = this.#instruments.profiler;
    this.debug = this.#instruments.debug;
    this.gpu = gpu;
    this.info = info;
    this.adapterClass = adapterClassOf(info, options);
    this.offsetAlignment = gpu.limits.minStorageBufferOffsetAlignment;
    this.maxFlopsPerSubmit = FLOPS_PER_SUBMIT[this.adapterClass];
    this.allocations = new Allocations(this);
    this.pool = new BufferPool(this.allocations, gpu.limits);
    this.bindGroups = new BindGroups(gpu);
    this.parameterBlocks = new ParameterBlocks(gpu, gpu.limits.minUniformBufferOffsetAlignment);
    this.#readback = new Readback(this);
    this.pipelines = new PipelineCache(gpu, this.#instruments.saveWgsl);
    this.recorder = new Recorder(this);
    this.#unwatch = watchDevice(gpu, ({ problem, isGone }) => {
      this.isLost ||= isGone;
      this.fail(problem);
    });
    this.#leaveExitGuard = destroyAtExit(gpu);
  }

  /**
   * Opens the adapter asked for (default: the first that Dawn offers).
   * @throws DeviceError when there is no such adapter or it refuses to open.
   */
  static async create(options: DeviceOptions = {}): Promise<Device> {
    const adapter = await requestAdapter(options);
    try {
      return new Device(await requestDevice(adapter, options), adapter.info, options);
    } catch (cause) {
      if (cause instanceof DeviceError || !(cause instanceof Error) || cause.name === 'RfclipError') throw cause;
      const problem = `adapter ${adapter.info.description} refused to open: ${cause.message}`;
      throw new DeviceError(problem, { code: 'RFCLIP-DEVICE', cause });
    }
  }

  /** Name of the adapter as its driver gives it. */
  get name(): string {
    return adapterName(this.info);
  }

  /** Whether the device was opened with an optional feature such as `shader-f16`. */
  has(feature: string): boolean {
    return this.gpu.features.has(feature);
  }

  /** @throws DeviceError when the device was destroyed or lost, or an earlier command failed. */
  assertUsable(): void {
    if (this.#destroyed) throw new DeviceError('the device was destroyed', { code: 'RFCLIP-DEVICE-DESTROYED' });
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Marks the device as unusable, because a command did not do what was recorded: every later read throws, so that no
   * wrong value gets out. The first failure stays.
   */
  fail(failure: string | DeviceError): void {
    this.#failure ??=
      failure instanceof DeviceError
        ? failure
        : new DeviceError(`${this.name} failed: ${failure}`, { code: 'RFCLIP-DEVICE-LOST' });
  }

  /** An uninitialised tensor. @throws DeviceError when it exceeds the adapter's binding limit. */
  empty(shape: readonly number[], dtype: DType = 'f32'): Tensor {
    return this.#allocate(shape, dtype).tensor;
  }

  /**
   * Uploads values. f32 from numbers; i32 and u32 from integers; f16 from numbers (rounded to nearest even) or from
   * `Uint16Array` bits.
   * @throws ShapeError when the number of values is not that of the shape.
   */
  tensor(values: ArrayLike<number>, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    if (values.length !== elementCount(shape)) {
      throw new ShapeError(`tensor: ${values.length} values do not fill shape ${formatShape(shape)}`);
    }
    const { tensor, fresh } = this.#allocate(shape, dtype);
    this.#write(tensor, toBytes(values, dtype), fresh);
    return tensor;
  }

  /** `tensor` for the few values that every image needs again: uploaded once. Not to be disposed by the caller. */
  constant(values: ArrayLike<number>, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    const key = `${dtype}[${shape.join()}]${Array.prototype.join.call(values)}`;
    return this.constants.get(key, () => this.keep(() => this.tensor(values, shape, dtype)));
  }

  /** A tensor in no scope that is made once for many images: it counts as kept, not as live, until it is disposed. */
  keep(make: () => Tensor): Tensor {
    const tensor = this.withoutScope(make);
    this.pool.keep(tensor.storage.buffer);
    return tensor;
  }

  /** A tensor of zeros. */
  zeros(shape: readonly number[], dtype: DType = 'f32'): Tensor {
    return this.tensor(new Uint8Array(elementCount(shape)), shape, dtype);
  }

  /** A small tensor for bindings that a kernel variant declares but never reads. */
  get placeholder(): Tensor {
    this.#placeholder ??= this.withoutScope(() => this.zeros([64]));
    return this.#placeholder;
  }

  /**
   * Runs `body` and disposes every tensor made in it, except those it returns (a tensor, or an array or plain object of
   * tensors), which pass to the enclosing scope. Recording is synchronous, so `body` must not be async.
   */
  scope<Result>(body: () => Result): Result {
    return this.#scopes.run(body);
  }

  /** Runs `body` so that tensors made in it belong to no scope and live until they are disposed. */
  withoutScope<Result>(body: () => Result): Result {
    return this.#scopes.suspend(body);
  }

  /**
   * `withoutScope` that also returns the tensors made, for whoever is to dispose them: the weights of a network. When
   * `body` throws, they are disposed here.
   */
  collect<Result>(body: () => Result): { result: Result; tensors: Tensor[] } {
    return this.#scopes.collect(body);
  }

  /** Registers a new tensor with the current scope; called by `Tensor` for views. */
  adopt(tensor: Tensor): Tensor {
    return this.#scopes.adopt(tensor);
  }

  /**
   * Submits what was recorded and downloads several tensors with one wait.
   * @throws DeviceError when the device was lost, a kernel was refused, or (with RFCLIP_DEBUG=nan) an op made a NaN.
   */
  async readAll(tensors: readonly Tensor[]): Promise<HostArray[]> {
    for (const tensor of tensors) tensor.assertLive('read');
    try {
      return await this.#readback.read(tensors, this.debug);
    } catch (cause) {
      this.assertUsable();
      throw cause;
    }
  }

  /** `waitForDevice`. @throws as it */
  waitFor<Result>(promise: Promise<Result>): Promise<Result> {
    return waitForDevice(this, promise);
  }

  /** Submits what was recorded and waits until the device has run it. @throws DeviceError as `readAll`. */
  async synchronize(): Promise<void> {
    await this.recorder.flush();
    await this.waitFor(this.gpu.queue.onSubmittedWorkDone());
    this.assertUsable();
  }

  /** Frees the device; the process can then end by itself. Prints the timing table where RFCLIP_DEBUG asks for it. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#instruments.end();
    this.#unwatch();
    this.#leaveExitGuard();
    this.gpu.destroy();
  }

  #allocate(shape: readonly number[], dtype: DType): { tensor: Tensor; fresh: boolean } {
    if (shape.some((size) => !Number.isInteger(size) || size < 0))
      throw new ShapeError(`tensor: ${formatShape(shape)} is not a shape`);
    this.assertUsable();
    const bytes = Math.max(4, elementCount(shape) * bytesPerElement(dtype));
    const { buffer, fresh } = this.pool.acquire(bytes, `tensor ${formatShape(shape)}`);
    return { tensor: this.adopt(new Tensor(this, [...shape], dtype, new Storage(buffer))), fresh };
  }

  /** `writeBuffer` would overtake what is recorded; where that may read a recycled buffer, a copy is recorded. */
  #write(tensor: Tensor, bytes: Uint8Array<ArrayBuffer>, fresh: boolean): void {
    if (bytes.byteLength === 0) return;
    const { buffer } = tensor.storage;
    if (fresh || this.recorder.isIdle) this.allocations.write(buffer, bytes);
    else this.recorder.copy(this.allocations.filled(bytes), 0, buffer, 0, bytes.byteLength, true);
  }
}
