export { type AdapterClass, type AdapterOptions, classifyAdapter, type DawnProfile } from './adapter.ts';
export { Device, type DeviceOptions } from './device.ts';
export { type DType, floatToHalfBits, halfBitsToFloat, type HostArray } from './dtype.ts';
export { DeviceError, type ErrorDetails, RfclipError, ShapeError } from './errors.ts';
export type { PoolStatistics } from './memory.ts';
export { formatKernelTimes, type KernelTime } from './profiler.ts';
export { Tensor } from './tensor.ts';
export * from './ops/index.ts';
