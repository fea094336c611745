import { kernelSource } from '../kernels/source.ts';
import { DeviceError } from './errors.ts';

/** Values of a kernel's parameters by name, in camelCase as ops are: `map_height` in WGSL is `mapHeight` here. */
export type KernelParams = Readonly<Record<string, number>>;

/** A member of a kernel's `struct Params`. */
export interface KernelParam {
  /** In camelCase. */
  name: string;
  type: 'u32' | 'i32' | 'f32';
  /** First byte in the block. */
  offset: number;
}

/** Where the parameters of a kernel lie in its uniform block. */
export interface KernelParamsLayout {
  kernel: string;
  params: readonly KernelParam[];
  /** Size of the block: that of the members, rounded up to 16. */
  bytes: number;
}

const EXPECTED: Record<KernelParam['type'], string> = {
  u32: 'u32, a whole number from 0 to 2^32 - 1',
  i32: 'i32, a whole number from -2^31 to 2^31 - 1',
  f32: 'f32, a number',
};

const layouts = new Map<string, KernelParamsLayout>();

/**
 * Layout of the parameters of `kernels/NAME.wgsl`, parsed once. Undefined where there is no such kernel: its pipeline
 * reports that.
 * @throws DeviceError as `parseKernelParams`.
 */
export function kernelParamsLayout(kernel: string): KernelParamsLayout | undefined {
  let layout = layouts.get(kernel);
  if (layout === undefined) {
    const source = sourceOf(kernel);
    if (source === undefined) return undefined;
    layout = parseKernelParams(kernel, source);
    layouts.set(kernel, layout);
  }
  return layout;
}

/**
 * Reads `struct Params { name: type, ... }` of a kernel's WGSL. All members are scalars of 4 bytes, so each follows the
 * one before without a gap. A kernel without that struct has no parameters.
 * @throws DeviceError for a member that is no plain `name: u32`, `i32` or `f32`.
 */
export function parseKernelParams(kernel: string, source: string): KernelParamsLayout {
  const code = source.replace(/\/\*[^]*?\*\/|\/\/.*/g, '');
  const body = /\bstruct\s+Params\s*\{([^}]*)\}/.exec(code)?.[1] ?? '';
  const members = body.split(/,(?![^<]*>)/).map((member) => member.trim());
  const params = members.filter((member) => member !== '').map((member, i) => parseMember(kernel, member, 4 * i));
  return { kernel, params, bytes: Math.ceil(params.length / 4) * 16 };
}

/**
 * The uniform block of a dispatch; undefined for a kernel without parameters.
 * @throws DeviceError when a parameter is missing, is not of the kernel's type, or is none of the kernel's.
 */
export function packKernelParams(layout: KernelParamsLayout, values: KernelParams): ArrayBuffer | undefined {
  const block = new DataView(new ArrayBuffer(layout.bytes));
  writeKernelParams(layout, values, block);
  return layout.bytes === 0 ? undefined : block.buffer;
}

/**
 * `packKernelParams` into memory that is there; what follows the last parameter is left as it is.
 * @throws DeviceError as `packKernelParams`.
 */
export function writeKernelParams(
  layout: KernelParamsLayout,
  values: KernelParams,
  block: DataView<ArrayBuffer>,
): void {
  const { params } = layout;
  for (const param of params) {
    const value = values[param.name];
    switch (param.type) {
      case 'u32':
        if (!(Number.isInteger(value) && value >= 0 && value < 2 ** 32)) throw refusal(layout, param, values);
        block.setUint32(param.offset, value, true);
        break;
      case 'i32':
        if (!(Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31)) throw refusal(layout, param, values);
        block.setInt32(param.offset, value, true);
        break;
      case 'f32':
        if (typeof value !== 'number' || Number.isNaN(value)) throw refusal(layout, param, values);
        block.setFloat32(param.offset, value, true);
    }
  }
  const names = Object.keys(values);
  if (names.length !== params.length) {
    const extra = names.find((name) => params.every((param) => param.name !== name));
    const known = params.length === 0 ? 'none' : params.map((param) => param.name).join(', ');
    throw paramsError(layout.kernel, `there is no parameter ${extra}, expected ${known}`);
  }
}

function sourceOf(kernel: string): string | undefined {
  try {
    return kernelSource(kernel);
  } catch {
    return undefined;
  }
}

function parseMember(kernel: string, member: string, offset: number): KernelParam {
  const [, name, type] = /^(\w+)\s*:\s*(u32|i32|f32)$/.exec(member) ?? [];
  if (name === undefined) {
    throw paramsError(kernel, `struct Params has a member "${member}", expected NAME: u32, i32 or f32`);
  }
  const camelCase = name.replace(/(?<=.)_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { name: camelCase, type: type as KernelParam['type'], offset };
}

function refusal({ kernel }: KernelParamsLayout, { name, type }: KernelParam, values: KernelParams): DeviceError {
  const found = name in values ? `is ${String(values[name])}` : `is missing from { ${Object.keys(values).join(', ')} }`;
  return paramsError(kernel, `parameter ${name} ${found}, expected ${EXPECTED[type]}`);
}

function paramsError(kernel: string, message: string): DeviceError {
  return new DeviceError(`kernel ${kernel}.wgsl: ${message}`, { code: 'RFCLIP-KERNEL-PARAMS', where: kernel });
}
