import type { BindGroups } from './bindGroups.ts';
import type { Workgroups } from './dispatch.ts';
import type { BufferBinding, GpuBuffer, GpuDevice } from './gpuTypes.ts';
import { type KernelConstants, type Pipeline, pipelineLabel } from './pipeline.ts';
import type { Profiler } from './profiler.ts';

/** A kernel launch with all that it takes. */
export interface RecordedDispatch {
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

/** A copy between buffers. */
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

/** What a command buffer is made of. */
export type Recorded = RecordedDispatch | RecordedCopy;

/**
 * Encodes commands, whose pipelines are there, into one command buffer. Launches that follow each other share a compute
 * pass, unless they are timed.
 * @returns passes: how many there are
 */
export function encodeCommands(
  commands: readonly Recorded[],
  device: { readonly gpu: GpuDevice; readonly bindGroups: BindGroups; readonly profiler: Profiler | undefined },
): { buffer: GPUCommandBuffer; passes: number } {
  const encoder = device.gpu.createCommandEncoder();
  let passes = 0;
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
      passes++;
    }
    const pipeline = command.pipeline.ready!;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.bindGroups.get(pipeline, command.params, command.bindings));
    pass.dispatchWorkgroups(command.workgroups[0], command.workgroups[1], command.workgroups[2]);
    if (timestamps !== undefined) endPass();
  }
  endPass();
  device.profiler?.resolve(encoder);
  return { buffer: encoder.finish(), passes };
}

/** The buffers that a command reads or writes, but for its parameters. */
export function buffersOf(command: Recorded): readonly GpuBuffer[] {
  return command.kind === 'copy' ? [command.source, command.target] : command.bindings.map(({ buffer }) => buffer);
}
