import { kernelSource } from '../kernels/source.ts';
import { DeviceError } from './errors.ts';
import type { GpuComputePipeline, GpuDevice } from './gpuTypes.ts';

/** Values that replace the defaults of a kernel's `const NAME: type = value;` and `alias NAME = type;` lines. */
export type KernelConstants = Readonly<Record<string, number | boolean | string>>;

/**
 * WGSL of a kernel with its constants set. A kernel file is valid WGSL by itself; each constant must exist in it as
 * `const NAME: u32|i32|f32|bool = ...;` or `alias NAME = ...;` at the start of a line.
 * @throws DeviceError when the kernel has no such line.
 */
export function specialize(
  kernel: string,
  source: string,
  constants: KernelConstants,
  features: readonly string[] = [],
): string {
  let text = source;
  for (const [name, value] of Object.entries(constants)) {
    const constant = new RegExp(`^const ${name}: (u32|i32|f32|bool) = [^;]+;`, 'm');
    const alias = new RegExp(`^alias ${name} = [^;]+;`, 'm');
    if (constant.test(text)) {
      text = text.replace(constant, (_line, type: string) => `const ${name}: ${type} = ${literal(value, type)};`);
    } else if (alias.test(text)) {
      text = text.replace(alias, `alias ${name} = ${value};`);
    } else {
      throw new DeviceError(`kernel ${kernel}.wgsl has no constant or alias named ${name}`, {
        code: 'RFCLIP-KERNEL-CONSTANT',
        where: kernel,
      });
    }
  }
  return features.map((feature) => `enable ${feature};\n`).join('') + text;
}

function literal(value: number | boolean | string, type: string): string {
  if (type === 'u32') return `${value}u`;
  if (type === 'f32') return /^-?\d+$/.test(`${value}`) ? `${value}.0` : `${value}`;
  return `${value}`;
}

/** Identity of a pipeline: the kernel and its constants, in the order given. */
export function pipelineKey(kernel: string, constants: KernelConstants): string {
  const parts = Object.entries(constants).map(([name, value]) => `${name}=${value}`);
  return parts.length === 0 ? kernel : `${kernel}(${parts.join(',')})`;
}

/** `pipelineKey` for people: switches that are off are left out. */
export function pipelineLabel(kernel: string, constants: KernelConstants): string {
  const parts = Object.entries(constants).flatMap(([name, value]) =>
    value === false ? [] : [value === true ? name : `${name}=${value}`],
  );
  return parts.length === 0 ? kernel : `${kernel}(${parts.join(', ')})`;
}

/** A pipeline that is being compiled. */
export interface Pipeline {
  readonly compiled: Promise<GpuComputePipeline>;
  /** There once it is. */
  ready: GpuComputePipeline | undefined;
}

/**
 * One compute pipeline per kernel and set of constants, compiled asynchronously when first asked for. The promise in
 * flight is shared, so that a forward pass compiles all its kernels side by side.
 */
export class PipelineCache {
  readonly #gpu: GPUDevice;
  readonly #pipelines = new Map<string, Pipeline>();
  /** By the object of the constants, where an op froze it to use it again: its text as key takes a microsecond. */
  readonly #byConstants = new WeakMap<KernelConstants, { kernel: string; pipeline: Pipeline }>();
  readonly #onSource: ((key: string, wgsl: string) => void) | undefined;
  #compiling = 0;
  #startedAt = 0;
  #milliseconds = 0;

  /** `onSource` sees the generated WGSL of every pipeline (a debugging aid). */
  constructor(gpu: GpuDevice, onSource?: (key: string, wgsl: string) => void) {
    this.#gpu = gpu;
    this.#onSource = onSource;
  }

  /** Number of distinct pipelines. */
  get size(): number {
    return this.#pipelines.size;
  }

  /** Wall time during which at least one pipeline was being compiled, in milliseconds. */
  get compileMilliseconds(): number {
    return this.#milliseconds;
  }

  /**
   * The pipeline of a kernel. The promise rejects with a DeviceError that carries the compiler's message and the WGSL.
   */
  get(kernel: string, constants: KernelConstants): Promise<GpuComputePipeline> {
    return this.find(kernel, constants).compiled;
  }

  /** `get` for those who need not wait where the pipeline is ready. */
  find(kernel: string, constants: KernelConstants): Pipeline {
    const known = this.#byConstants.get(constants);
    if (known?.kernel === kernel) return known.pipeline;
    const key = pipelineKey(kernel, constants);
    let pipeline = this.#pipelines.get(key);
    if (pipeline === undefined) this.#pipelines.set(key, (pipeline = this.#begin(kernel, key, constants)));
    if (Object.isFrozen(constants)) this.#byConstants.set(constants, { kernel, pipeline });
    return pipeline;
  }

  #begin(kernel: string, key: string, constants: KernelConstants): Pipeline {
    const compiled = this.#compile(kernel, key, constants);
    const pipeline: Pipeline = { compiled, ready: undefined };
    // Whoever flushes awaits it and sees the error; this keeps an early rejection from ending the process.
    compiled.then((value) => (pipeline.ready = value)).catch(() => {});
    return pipeline;
  }

  async #compile(kernel: string, key: string, constants: KernelConstants): Promise<GPUComputePipeline> {
    const usesHalf = Object.values(constants).some((value) => String(value).includes('f16'));
    const wgsl = specialize(kernel, kernelSource(kernel), constants, usesHalf ? ['f16'] : []);
    this.#onSource?.(key, wgsl);
    if (this.#compiling++ === 0) this.#startedAt = performance.now();
    this.#gpu.pushErrorScope('validation');
    const module = this.#gpu.createShaderModule({ code: wgsl, label: key });
    const invalid = this.#gpu.popErrorScope();
    try {
      const pending = this.#gpu.createComputePipelineAsync({ layout: 'auto', compute: { module }, label: key });
      pending.catch(() => {});
      const error = await invalid;
      if (error !== null) throw new Error(error.message);
      return await pending;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new DeviceError(`kernel ${key} was refused: ${message}\n${numberLines(wgsl)}`, {
        code: 'RFCLIP-KERNEL',
        where: kernel,
        cause,
      });
    } finally {
      if (--this.#compiling === 0) this.#milliseconds += performance.now() - this.#startedAt;
    }
  }
}

function numberLines(text: string): string {
  return text
    .split('\n')
    .map((line, index) => `${String(index + 1).padStart(4)} | ${line}`)
    .join('\n');
}
