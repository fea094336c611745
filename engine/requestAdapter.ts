import { create, globals } from 'webgpu';
import type { AdapterOptions, DawnProfile } from './adapter.ts';
import { withoutDawnWarnings } from './dawnWarnings.ts';
import { DeviceError } from './errors.ts';
import type { GpuAdapter } from './gpuTypes.ts';
import { setupCommand } from './setupCommand.ts';
import { prepareVectorWidth } from './vectorWidth.ts';
import { prepareVulkan } from './vulkanFallback.ts';

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
    prepareVectorWidth();
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
