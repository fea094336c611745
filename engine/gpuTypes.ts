/** A type of the web, where it is declared; else nothing. */
export type Declared<Name extends string> = typeof globalThis extends { [name in Name]: { prototype: infer Type } }
  ? Type
  : never;

/**
 * WebGPU's objects as the published types name them, so that no program has to declare WebGPU. One that does (through
 * lib.dom of TypeScript 7, or through the package `@webgpu/types`; together they clash) sees the objects as they are,
 * any other sees objects that it can only pass on.
 */
type DeclaredOrObject<Name extends string> = typeof globalThis extends { [name in Name]: { prototype: infer Type } }
  ? Type
  : object;

export type GpuAdapter = DeclaredOrObject<'GPUAdapter'>;
export type GpuBindGroup = DeclaredOrObject<'GPUBindGroup'>;
export type GpuBuffer = DeclaredOrObject<'GPUBuffer'>;
export type GpuCommandEncoder = DeclaredOrObject<'GPUCommandEncoder'>;
export type GpuComputePipeline = DeclaredOrObject<'GPUComputePipeline'>;
export type GpuDevice = DeclaredOrObject<'GPUDevice'>;
export type GpuQuerySet = DeclaredOrObject<'GPUQuerySet'>;

/** What a driver says of its adapter. Source: WebGPU, `GPUAdapterInfo`. */
export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Whether it stands in for a GPU, as a CPU does; absent where nobody says. */
  readonly isFallbackAdapter?: boolean;
  /** Fewest and most threads of a subgroup; absent where Dawn does not say. */
  readonly subgroupMinSize?: number;
  readonly subgroupMaxSize?: number;
}

/** What a new buffer shall be. Source: WebGPU, `GPUBufferDescriptor`. */
export interface BufferDescriptor {
  size: number;
  usage: number;
  label?: string;
  mappedAtCreation?: boolean;
}

/** A slice of a buffer, in bytes. Source: WebGPU, `GPUBufferBinding`. */
export interface BufferBinding {
  buffer: GpuBuffer;
  offset: number;
  size: number;
}

/** Where a pass leaves the time of its begin and its end. Source: WebGPU, `GPUComputePassTimestampWrites`. */
export interface TimestampWrites {
  querySet: GpuQuerySet;
  beginningOfPassWriteIndex: number;
  endOfPassWriteIndex: number;
}
