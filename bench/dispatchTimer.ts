import type { Device } from '../engine/device.ts';
import { kernelParamsLayout, packKernelParams } from '../engine/kernelParams.ts';
import type { Dispatch, Workgroups } from '../engine/dispatch.ts';

/** A launch with everything that the device needs, so that encoding it again costs next to nothing. */
export interface PreparedDispatch {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: Workgroups;
}

/**
 * Times launches many at a time, one after the other in one compute pass as a forward pass has them: by timestamps
 * around the pass where the adapter has them, else by the wall time from submit to done, less that of a single launch.
 */
export class DispatchTimer {
  readonly #device: Device;
  readonly #queries: { set: GPUQuerySet; resolved: GPUBuffer; read: GPUBuffer } | undefined;

  /** For any device; `timestamp-query` makes it exact. */
  constructor(device: Device) {
    this.#device = device;
    if (!device.has('timestamp-query')) return;
    this.#queries = {
      set: device.gpu.createQuerySet({ type: 'timestamp', count: 2 }),
      resolved: device.gpu.createBuffer({ size: 16, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC }),
      read: device.gpu.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST }),
    };
  }

  /** What the figures are: for the head of a table. */
  get method(): string {
    return this.#queries === undefined ? 'wall time of many launches in one submit' : 'timestamps around a pass';
  }

  /** Compiles a launch's kernel and binds what it needs. @throws DeviceError when the kernel is refused. */
  async prepare(dispatch: Dispatch & { workgroups: Workgroups }): Promise<PreparedDispatch> {
    const { gpu, pipelines } = this.#device;
    const pipeline = await this.#device.waitFor(pipelines.get(dispatch.kernel, dispatch.constants ?? {}));
    const block = packKernelParams(kernelParamsLayout(dispatch.kernel)!, dispatch.params ?? {})!;
    const uniforms = gpu.createBuffer({
      size: block.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    gpu.queue.writeBuffer(uniforms, 0, block);
    const resources = [{ buffer: uniforms }, ...dispatch.tensors.map((tensor) => tensor.binding())];
    const bindGroup = gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    return { pipeline, bindGroup, workgroups: dispatch.workgroups };
  }

  /** Milliseconds of one launch, from `count` that take turns; what was recorded on the device must be submitted. */
  async time(launches: readonly PreparedDispatch[], count: number): Promise<number> {
    if (this.#queries !== undefined) return (await this.#run(launches, count)) / count;
    const one = await this.#run(launches, 1);
    return Math.max(0, (await this.#run(launches, count + 1)) - one) / count;
  }

  async #run(launches: readonly PreparedDispatch[], count: number): Promise<number> {
    const { gpu } = this.#device;
    const queries = this.#queries;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass(
      queries === undefined
        ? {}
        : { timestampWrites: { querySet: queries.set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } },
    );
    for (let i = 0; i < count; i++) {
      const { pipeline, bindGroup, workgroups } = launches[i % launches.length];
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    if (queries !== undefined) {
      encoder.resolveQuerySet(queries.set, 0, 2, queries.resolved, 0);
      encoder.copyBufferToBuffer(queries.resolved, 0, queries.read, 0, 16);
    }
    const commands = encoder.finish();
    const started = performance.now();
    gpu.queue.submit([commands]);
    if (queries === undefined) {
      await this.#device.waitFor(gpu.queue.onSubmittedWorkDone());
      return performance.now() - started;
    }
    await this.#device.waitFor(queries.read.mapAsync(GPUMapMode.READ));
    const [begin, end] = new BigUint64Array(queries.read.getMappedRange().slice(0));
    queries.read.unmap();
    return Number(end - begin) / 1e6;
  }
}
