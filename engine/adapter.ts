import { DeviceError } from './errors.ts';
import type { AdapterInfo, GpuAdapter, GpuDevice } from './gpuTypes.ts';
import { adapterClassVariable } from './variables.ts';

/**
 * How an adapter behaves, which decides the tile shapes of kernels: `software` (a CPU: lavapipe, SwiftShader),
 * `integrated` or `discrete`.
 */
export type AdapterClass = 'software' | 'integrated' | 'discrete';

const ADAPTER_CLASSES: readonly string[] = ['software', 'integrated', 'discrete'] satisfies AdapterClass[];

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
  /**
   * The class whose kernels and sizes to take, where the name tells wrong, or to run a GPU's kernels on a CPU driver.
   * Default: RFCLIP_ADAPTER_CLASS, else what the name says.
   */
  adapterClass?: AdapterClass;
  /** `null` runs nothing: a device that costs no time, on which benchmarks and tests measure and count recording. */
  backend?: 'null';
  /** Whose subgroup matrices to ask for; the default asks for none, and changes nothing for other kernels. */
  subgroupMatrices?: 'of any adapter' | 'of GPUs';
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
export function requestDevice(adapter: GpuAdapter, options: AdapterOptions = {}): Promise<GpuDevice> {
  const { limits, features, info } = adapter;
  const { subgroupMatrices } = options;
  const wantsMatrices =
    subgroupMatrices === 'of any adapter' ||
    (subgroupMatrices === 'of GPUs' && adapterClassOf(info, options) !== 'software');
  const wanted = [...OPTIONAL_FEATURES, ...(wantsMatrices ? [SUBGROUP_MATRIX_FEATURE as GPUFeatureName] : [])];
  return adapter.requestDevice({
    requiredFeatures: wanted.filter((feature) => features.has(feature)),
    requiredLimits: Object.fromEntries(RAISED_LIMITS.map((limit) => [limit, limits[limit]])),
  });
}

/**
 * Words by which adapters are told, first match wins; all others are discrete. Names alone decide, for WebGPU says
 * neither how much memory an adapter has of its own nor whether it is built into a processor. Browsers tell vendor and
 * architecture only, in Dawn's words; what may be either is integrated then, which costs a card little, while a
 * processor may not survive what suits a card.
 */
const CLASSES: readonly (readonly [RegExp, AdapterClass])[] = [
  [/llvmpipe|lavapipe|swiftshader|software|basic render|\bwarp\b/, 'software'],
  [/integrated|\bapu\b/, 'integrated'],
  // Phones, tablets and small boards, whose makers build no cards.
  [/apple|mali|immortalis|adreno|powervr|videocore|\bxclipse\b/, 'integrated'],
  [/^(arm|qualcomm|img-tec|imgtec|samsung|broadcom)\b/, 'integrated'],
  [/tegra|\borin\b|xavier|\bjetson\b|\bthor\b|\bgb10\b/, 'integrated'],
  // Intel: Arc cards have a letter and three digits (A770, B580) or a Pro number (Pro A60); "Arc Graphics" alone, with
  // a V or T number (Arc 140V) and B3.0 (Arc B390) are in processors. Of the others only Data Center GPU, DG1 and what
  // Mesa calls DG2 or BMG are cards.
  [/\barc\b.*\bb3\d0\b/, 'integrated'],
  [/\barc\b.*\b[ab]\d{2,3}m?\b|data center gpu|\bdg[12]\b|\bbmg\b|iris\(?r?\)? xe max/, 'discrete'],
  [/gen-12hp|xe-\d?hpg/, 'discrete'],
  [/intel|\barc\b/, 'integrated'],
  // AMD: processors have "Graphics" without a model, a number with M or S (780M, 8060S), or Vega with up to 11 units.
  [/radeon\s*(\(tm\)\s*)?(r\d\s+)?graphics|radeon.*\b([678]\d0m|80[4-6]0s)\b|vega\s*(3|6|8|9|10|11)\b/, 'integrated'],
  [/van\s?gogh|custom gpu|\bryzen\b/, 'integrated'],
  [/^amd (gcn-5|rdna-[23])\s*$/, 'integrated'],
  // Nothing is known.
  [/^\s*$/, 'integrated'],
];

/** Class of an adapter, from what the driver says of itself. */
export function classifyAdapter(info: AdapterInfo): AdapterClass {
  if (info.isFallbackAdapter === true) return 'software';
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`.toLowerCase();
  // Firefox says nothing; what suits the small ones is right on all.
  if (text.trim() === '') return 'integrated';
  return CLASSES.find(([words]) => words.test(text))?.[1] ?? 'discrete';
}

/**
 * The class that is taken: of the options, of RFCLIP_ADAPTER_CLASS, or of the adapter's name.
 * @throws DeviceError when the one asked for is none.
 */
export function adapterClassOf(info: AdapterInfo, options: AdapterOptions): AdapterClass {
  const where = options.adapterClass === undefined ? 'RFCLIP_ADAPTER_CLASS' : 'adapterClass';
  const chosen: string | undefined = options.adapterClass ?? adapterClassVariable();
  if (chosen === undefined || chosen === '') return classifyAdapter(info);
  if (!isAdapterClass(chosen)) {
    throw new DeviceError(`${where} is "${chosen}", expected software, integrated or discrete`, {
      code: 'RFCLIP-ADAPTER-CLASS',
      where,
    });
  }
  return chosen;
}

function isAdapterClass(text: string): text is AdapterClass {
  return ADAPTER_CLASSES.includes(text);
}

/** What an adapter is called. Browsers tell only vendor and architecture, or nothing. */
export function adapterName({ description, device, vendor, architecture }: AdapterInfo): string {
  return description || device || `${vendor} ${architecture}`.trim() || 'an unnamed GPU';
}
