import { create, globals } from 'webgpu';
import { withoutDawnWarnings } from './dawnWarnings.ts';
import { DeviceError } from './errors.ts';
import type { AdapterInfo, GpuAdapter, GpuDevice } from './gpuTypes.ts';
import { setupCommand } from './setupCommand.ts';
import { prepareVulkan } from './vulkanFallback.ts';

/**
 * How an adapter behaves, which decides the tile shapes of kernels: `software` (a CPU: lavapipe, SwiftShader),
 * `integrated` or `discrete`.
 */
export type AdapterClass = 'software' | 'integrated' | 'discrete';

/**
 * Dawn's switches. `default` keeps validation and robust buffer access on. `bench` turns them off for side-by-side
 * timings, and must be named beside the figures.
 */
export type DawnProfile = 'default' | 'bench';

/** Which GPU to open and how. */
export interface AdapterOptions {
  /** Part of the adapter's name; the default is Dawn's first choice. */
  adapter?: string;
  profile?: DawnProfile;
  /** `null` runs nothing: a device that costs no time, on which benchmarks and tests measure and count recording. */
  backend?: 'null';
  /** Whose subgroup matrices to ask for; the default asks for none, and changes nothing for other kernels. */
  subgroupMatrices?: 'of any adapter' | 'of GPUs';
}

const PROFILE_FLAGS: Record<DawnProfile, string[]> = {
  // Dawn hides f16 on NVIDIA under Vulkan (crbug 42251215), and subgroup matrices everywhere, unless asked.
  default: ['enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis'],
  bench: [
    'enable-dawn-features=vulkan_enable_f16_on_nvidia,allow_unsafe_apis,disable_robustness,skip_validation,' +
      'disable_workgroup_init',
    'disable-dawn-features=timestamp_quantization,lazy_clear_resource_on_first_use',
  ],
};

/** Whether Dawn has looked for adapters, of which it says what it says once a process. */
let looked = false;

let opened: { gpu: GPU; options: AdapterOptions } | undefined;

/** Dawn crashes when it is created twice in one process, so the first options stay for its life. */
function openDawn(options: AdapterOptions): GPU {
  if (opened === undefined) {
    prepareVulkan();
    Object.assign(globalThis, globals);
    const flags = [...PROFILE_FLAGS[options.profile ?? 'default']];
    if (options.adapter !== undefined) flags.push(`adapter=${options.adapter}`);
    if (options.backend !== undefined) flags.push(`backend=${options.backend}`);
    opened = { gpu: create(flags), options };
  } else if (
    opened.options.adapter !== options.adapter ||
    opened.options.backend !== options.backend ||
    (opened.options.profile ?? 'default') !== (options.profile ?? 'default')
  ) {
    throw new DeviceError(
      'this process already opened Dawn with another adapter or profile, and Dawn can be created only once per process',
      {
        code: 'RFCLIP-DAWN-TWICE',
      },
    );
  }
  return opened.gpu;
}

/**
 * The adapter asked for.
 * @throws DeviceError when there is none, naming those Dawn found.
 */
export async function requestAdapter(options: AdapterOptions = {}): Promise<GpuAdapter> {
  let adapter: GPUAdapter | null = null;
  try {
    adapter = await withoutDawnWarnings(looked || process.env.RFCLIP_DEBUG !== undefined, () => {
      const gpu = openDawn(options);
      looked = true;
      return gpu.requestAdapter({ powerPreference: 'high-performance' });
    });
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause;
    throw noAdapter(options, cause);
  }
  if (adapter === null) throw noAdapter(options);
  return adapter;
}

/** Features used where an adapter has them; none is required. */
const OPTIONAL_FEATURES: GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/** Limits raised to what the adapter offers; all others stay at WebGPU's defaults. */
const RAISED_LIMITS = ['maxStorageBufferBindingSize', 'maxBufferSize', 'maxComputeWorkgroupStorageSize'] as const;

/** Matrix units (tensor cores) in WGSL; experimental, so it is asked for only where half precision is wanted. */
export const SUBGROUP_MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix';

/**
 * Opens an adapter with all that it offers of these, and with subgroup matrices where they are wanted and there.
 * @throws what Dawn throws when the adapter refuses.
 */
export function requestDevice(adapter: GpuAdapter, { subgroupMatrices }: AdapterOptions = {}): Promise<GpuDevice> {
  const { limits, features, info } = adapter;
  const wantsMatrices =
    subgroupMatrices === 'of any adapter' || (subgroupMatrices === 'of GPUs' && classifyAdapter(info) !== 'software');
  const wanted = [...OPTIONAL_FEATURES, ...(wantsMatrices ? [SUBGROUP_MATRIX_FEATURE as GPUFeatureName] : [])];
  return adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => features.has(feature)),
    requiredLimits: Object.fromEntries(RAISED_LIMITS.map((limit) => [limit, limits[limit]])),
  });
}

function noAdapter(options: AdapterOptions, cause?: unknown): DeviceError {
  const found = [...String(cause instanceof Error ? cause.message : '').matchAll(/name: '([^']+)'/g)].map(
    (match) => match[1],
  );
  if (options.adapter !== undefined && found.length > 0) {
    return new DeviceError(`adapter "${options.adapter}" was not found; this machine has: ${found.join('; ')}`, {
      code: 'RFCLIP-NO-ADAPTER',
      where: '--adapter',
      cause,
    });
  }
  const wanted =
    options.adapter === undefined
      ? 'no GPU adapter was found'
      : `adapter "${options.adapter}" was not found, nor any other`;
  return new DeviceError(`${wanted}: Dawn needs a Vulkan 1.1 driver (or Metal, or Direct3D 12)`, {
    code: 'RFCLIP-NO-ADAPTER',
    fix: `install a GPU driver, or run "${setupCommand()}" to install a software one; "rfclip doctor" tells more`,
    cause,
  });
}

/**
 * Words by which adapters are told, first match wins; all others are discrete. Names alone decide, for WebGPU says
 * neither how much memory an adapter has of its own nor whether it is built into a processor.
 */
const CLASSES: readonly (readonly [RegExp, AdapterClass])[] = [
  [/llvmpipe|lavapipe|swiftshader|software|basic render|\bwarp\b/, 'software'],
  [/integrated|\bapu\b/, 'integrated'],
  // Phones, tablets and small boards.
  [/apple|\bm[1-9]\b|mali|immortalis|adreno|powervr|videocore|\bxclipse\b/, 'integrated'],
  [/tegra|\borin\b|xavier|\bjetson\b|\bthor\b|\bgb10\b/, 'integrated'],
  // Intel: Arc cards have a letter and three digits (A770, B580) or a Pro number (Pro A60); "Arc Graphics" alone and
  // with a V or T number (Arc 140V) are in processors. Of the others only Data Center GPU and DG1 are cards.
  [/\barc\b.*\b[ab]\d{2,3}m?\b|data center gpu|\bdg1\b|iris\(?r?\)? xe max/, 'discrete'],
  [/intel|\barc\b/, 'integrated'],
  // AMD: processors have "Graphics" without a model, a number with M or S (780M, 8060S), or Vega with up to 11 units.
  [/radeon\s*(\(tm\)\s*)?(r\d\s+)?graphics|radeon.*\b([678]\d0m|80[4-6]0s)\b|vega\s*(3|6|8|9|10|11)\b/, 'integrated'],
  [/van\s?gogh|custom gpu 0405/, 'integrated'],
];

/** Class of an adapter, from what the driver says of itself. */
export function classifyAdapter(info: AdapterInfo): AdapterClass {
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  return CLASSES.find(([words]) => words.test(text))?.[1] ?? 'discrete';
}
