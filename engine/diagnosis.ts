import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import type { Device } from './device.ts';
import { matmul } from './ops/matmul.ts';
import { setupCommand } from './setupCommand.ts';

/** Limits that decide what fits, in the order shown. */
const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;
const FEATURES: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** What decides how fast a device is, and what fits it. */
export interface DeviceDescription {
  adapter: string;
  adapterClass: string;
  /** A number, or `A to B`. */
  subgroupSize: string;
  /** What products are computed in, and m x n x k of what matrix units multiply at once; null where none are used. */
  precision: 'f32' | 'f16';
  matrices: string | null;
  features: Record<string, boolean>;
  /** Bytes where the name ends in Size. */
  limits: Record<string, number>;
}

/** A matrix product whose exact result is known. */
export interface MatmulCheck {
  shape: string;
  largestError: number;
  tolerance: number;
  ok: boolean;
  /** Of the fastest of several. */
  gflops: number;
}

/** Describes an open device. */
export function describeDevice(device: Device): DeviceDescription {
  const { subgroupMinSize, subgroupMaxSize } = device.info;
  const { precision, matrices } = device.products;
  return {
    adapter: device.name,
    adapterClass: device.adapterClass,
    subgroupSize:
      subgroupMinSize === subgroupMaxSize ? `${subgroupMinSize}` : `${subgroupMinSize} to ${subgroupMaxSize}`,
    precision,
    matrices: matrices === undefined ? null : `${matrices.m}x${matrices.n}x${matrices.k}`,
    features: Object.fromEntries(FEATURES.map((feature) => [feature, device.has(feature)])),
    limits: Object.fromEntries(LIMITS.map((limit) => [limit, device.gpu.limits[limit]])),
  };
}

/**
 * Multiplies [197, 768] by [768, 768], as a ViT-B/16 does, checks the product and times it. Of small integers the
 * product is exact in f32, so any error is the driver's.
 * @throws DeviceError when the device fails
 */
export async function checkMatmul(device: Device): Promise<MatmulCheck> {
  const [m, k, n] = [197, 768, 768];
  const left = Float32Array.from({ length: m * k }, (_, i) => ((i * 7) % 13) - 6);
  const right = Float32Array.from({ length: n * k }, (_, i) => ((i * 5) % 11) - 5);
  const a = device.tensor(left, [m, k]);
  const b = device.tensor(right, [n, k]);
  const out = await matmul(a, b, { transposeB: true }).readFloats();
  let largestError = 0;
  for (let row = 0; row < m; row++) {
    for (let column = 0; column < n; column += 37) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += left[row * k + i] * right[column * k + i];
      largestError = Math.max(largestError, Math.abs(out[row * n + column] - sum));
    }
  }
  const times: number[] = [];
  for (let repetition = 0; repetition < 5; repetition++) {
    await device.synchronize();
    const started = performance.now();
    device.scope(() => void matmul(a, b, { transposeB: true }));
    await device.synchronize();
    times.push(performance.now() - started);
  }
  return {
    shape: `[${m}, ${k}] x [${k}, ${n}]`,
    largestError,
    tolerance: 0,
    ok: largestError === 0,
    gflops: (2 * m * n * k) / Math.min(...times) / 1e6,
  };
}

/**
 * The adapters that Dawn finds, as `NAME (BACKEND)`; none where it cannot be asked. Dawn can be created once per
 * process, so the list comes from a child that asks for an adapter nobody has and ends with Dawn's complaint.
 */
export async function listAdapters(): Promise<string[]> {
  // A driver that the set-up fetched is found as it is here; sources, which need a loader, do without.
  const recipe = new URL(`./vulkanFallback${extname(import.meta.filename)}`, import.meta.url).href;
  const script =
    `await import(${JSON.stringify(recipe)}).then(({ prepareVulkan }) => prepareVulkan(), () => {}); ` +
    "const { create } = await import('webgpu'); await create(['adapter=nobody-has-this']).requestAdapter();";
  const complaint = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
    timeout: 30_000,
  }).then(
    () => '',
    (error: { stderr?: string }) => error.stderr ?? '',
  );
  return [...complaint.matchAll(/backend: '([^']+)', name: '([^']+)'/g)].map((match) => `${match[2]} (${match[1]})`);
}

/** Version of the npm package that carries Dawn. */
export function webgpuVersion(): string {
  return (createRequire(import.meta.url)('webgpu/package.json') as { version: string }).version;
}

/** What to look at where no adapter was found. */
export function driverHints(): string[] {
  if (process.platform !== 'linux')
    return ['Dawn uses Metal on macOS and Direct3D 12 on Windows; update the graphics driver'];
  const hints = [`"${setupCommand()}" installs a software Vulkan driver where there is none`];
  if (existsSync('/proc/driver/nvidia'))
    hints.push('an NVIDIA kernel driver is loaded: is its Vulkan part installed (nvidia_icd.json), and libvulkan1?');
  if (process.env.VK_DRIVER_FILES !== undefined || process.env.VK_ICD_FILENAMES !== undefined)
    hints.push('VK_DRIVER_FILES or VK_ICD_FILENAMES is set: does it name an existing file?');
  return hints;
}
