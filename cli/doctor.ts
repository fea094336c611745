import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import type { Device } from '../engine/device.ts';
import { matmul } from '../engine/ops/matmul.ts';
import { makeConsole } from './console.ts';
import { describeFailure } from './failure.ts';
import { openDevice } from './sharedOptions.ts';

/** Limits that decide what fits, in the order shown. */
const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
] as const;
const FEATURES: GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Adds `rfclip doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('report on Node, adapters, drivers and limits, and check a matrix product')
    .option('--adapter <name>', 'part of the name of the adapter to check')
    .option('--json', 'print one JSON document and nothing else')
    .action(async (flags: { adapter?: string; json?: boolean }) => {
      process.exitCode = await doctor(flags);
    });
}

async function doctor(flags: { adapter?: string; json?: boolean }): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const report: Record<string, unknown> = {
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    webgpu: webgpuVersion(),
    adapters: await listAdapters(),
  };
  console.result(`Node        ${process.version} on ${process.platform}-${process.arch}`);
  console.result(`Dawn        webgpu ${report.webgpu}`);
  const adapters = report.adapters as string[];
  console.result(`adapters    ${adapters.length === 0 ? 'none found' : adapters.join('; ')}`);
  try {
    const device = await openDevice(flags, { profileKernels: true });
    try {
      Object.assign(report, describeDevice(device), { matmul: await checkMatmul(device) });
      printDevice(report as unknown as DoctorReport, console.result);
    } finally {
      device.destroy();
    }
    console.json(report);
    return (report.matmul as MatmulCheck).ok ? 0 : 1;
  } catch (error) {
    report.error = describeFailure(error);
    console.failure(report.error as string);
    for (const hint of driverHints()) console.result(`hint        ${hint}`);
    console.json(report);
    return 1;
  }
}

interface MatmulCheck {
  shape: string;
  largestError: number;
  tolerance: number;
  ok: boolean;
  gflops: number;
}

interface DoctorReport {
  adapter: string;
  adapterClass: string;
  subgroupSize: string;
  features: Record<string, boolean>;
  limits: Record<string, number>;
  matmul: MatmulCheck;
}

function describeDevice(device: Device): Omit<DoctorReport, 'matmul'> {
  const { subgroupMinSize, subgroupMaxSize } = device.info;
  return {
    adapter: device.name,
    adapterClass: device.adapterClass,
    subgroupSize:
      subgroupMinSize === subgroupMaxSize ? `${subgroupMinSize}` : `${subgroupMinSize} to ${subgroupMaxSize}`,
    features: Object.fromEntries(FEATURES.map((feature) => [feature, device.has(feature)])),
    limits: Object.fromEntries(LIMITS.map((limit) => [limit, device.gpu.limits[limit]])),
  };
}

function printDevice(report: DoctorReport, line: (text: string) => void): void {
  line(`using       ${report.adapter}`);
  line(`class       ${report.adapterClass} (decides tile shapes), subgroups of ${report.subgroupSize}`);
  line(
    `features    ${Object.entries(report.features)
      .map(([name, there]) => `${name} ${there ? 'yes' : 'no'}`)
      .join(', ')}`,
  );
  for (const [name, value] of Object.entries(report.limits))
    line(`limit       ${name} ${name.endsWith('Size') ? formatBytes(value) : value}`);
  const { shape, largestError, tolerance, ok, gflops } = report.matmul;
  line(
    `matmul      ${shape}: largest error ${largestError.toExponential(1)} (tolerance ${tolerance.toExponential(1)}) ` +
      `${ok ? 'ok' : 'WRONG'}, ${gflops.toFixed(1)} GFLOP/s`,
  );
}

function formatBytes(bytes: number): string {
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 1024).toFixed(0)} KiB`;
}

/** The product of two matrices of small integers is exact in f32, so any error is the driver's. */
async function checkMatmul(device: Device): Promise<MatmulCheck> {
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

/** Dawn can be created once per process, so the list comes from a child that asks for an adapter nobody has. */
async function listAdapters(): Promise<string[]> {
  const script =
    "import('webgpu').then(async ({ create }) => { try { await " +
    "create(['adapter=nobody-has-this']).requestAdapter(); } catch (error) { console.log(error.message); } })";
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      timeout: 30_000,
    });
    return [...stdout.matchAll(/backend: '([^']+)', name: '([^']+)'/g)].map((match) => `${match[2]} (${match[1]})`);
  } catch {
    return [];
  }
}

function webgpuVersion(): string {
  return (createRequire(import.meta.url)('webgpu/package.json') as { version: string }).version;
}

function driverHints(): string[] {
  if (process.platform !== 'linux')
    return ['Dawn uses Metal on macOS and Direct3D 12 on Windows; update the graphics driver'];
  const hints = ['"npm run setup" installs a software Vulkan driver where there is none'];
  if (existsSync('/proc/driver/nvidia'))
    hints.push('an NVIDIA kernel driver is loaded: is its Vulkan part installed (nvidia_icd.json), and libvulkan1?');
  if (process.env.VK_DRIVER_FILES !== undefined || process.env.VK_ICD_FILENAMES !== undefined)
    hints.push('VK_DRIVER_FILES or VK_ICD_FILENAMES is set: does it name an existing file?');
  return hints;
}
