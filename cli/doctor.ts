import type { Command } from 'commander';
import {
  checkMatmul,
  describeDevice,
  type DeviceDescription,
  driverHints,
  listAdapters,
  type MatmulCheck,
  webgpuVersion,
} from '../engine/diagnosis.ts';
import { checkKernels, type KernelCheck } from '../engine/kernelChecks.ts';
import { describeFailure } from '../system/describeFailure.ts';
import { makeConsole } from './console.ts';
import { exitCodeOf } from './failure.ts';
import { openDevice } from './sharedOptions.ts';

/** Adds `rfclip doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('report on Node, adapters, drivers and limits, and check every family of kernels')
    .option('--adapter <name>', 'part of the name of the adapter to check')
    .option('--json', 'print one JSON document and nothing else')
    .action(async (flags: { adapter?: string; json?: boolean }) => {
      process.exitCode = await doctor(flags);
    });
}

async function doctor(flags: { adapter?: string; json?: boolean }): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const platform = `${process.platform}-${process.arch}`;
  const software = { node: process.version, platform, webgpu: webgpuVersion(), adapters: await listAdapters() };
  console.result(`Node        ${software.node} on ${platform}`);
  console.result(`Dawn        webgpu ${software.webgpu}`);
  console.result(`adapters    ${software.adapters.length === 0 ? 'none found' : software.adapters.join('; ')}`);
  try {
    const device = await openDevice(flags, { profileKernels: true });
    try {
      const description = describeDevice(device);
      const matmul = await checkMatmul(device);
      const kernels = await checkKernels(device);
      printDevice(description, console.result);
      printChecks(matmul, kernels, console.result);
      console.json({ ...software, ...description, matmul, kernels });
      return [matmul, ...kernels].every(({ ok }) => ok) ? 0 : 1;
    } finally {
      device.destroy();
    }
  } catch (error) {
    const sentence = describeFailure(error);
    console.failure(sentence);
    if (software.adapters.length === 0) for (const hint of driverHints()) console.result(`hint        ${hint}`);
    console.json({ ...software, error: sentence });
    return exitCodeOf(error);
  }
}

function printDevice(device: DeviceDescription, line: (text: string) => void): void {
  line(`using       ${device.adapter}`);
  line(`class       ${device.adapterClass} (decides tile shapes), subgroups of ${device.subgroupSize}`);
  line(`precision   ${device.precision}${device.matrices === null ? '' : `, matrix units of ${device.matrices}`}`);
  line(
    `features    ${Object.entries(device.features)
      .map(([name, there]) => `${name} ${there ? 'yes' : 'no'}`)
      .join(', ')}`,
  );
  for (const [name, value] of Object.entries(device.limits))
    line(`limit       ${name} ${name.endsWith('Size') ? formatBytes(value) : value}`);
}

function printChecks(matmul: MatmulCheck, kernels: readonly KernelCheck[], line: (text: string) => void): void {
  const found = ({ largestError, tolerance, ok }: Pick<KernelCheck, 'largestError' | 'tolerance' | 'ok'>) =>
    `largest error ${largestError.toExponential(1)} (tolerance ${tolerance.toExponential(1)}) ${ok ? 'ok' : 'WRONG'}`;
  line(`matmul      ${matmul.shape}: ${found(matmul)}, ${matmul.gflops.toFixed(1)} GFLOP/s`);
  for (const check of kernels) line(`${check.family.padEnd(12)}${check.what}: ${found(check)}`);
}

function formatBytes(bytes: number): string {
  return bytes >= 2 ** 20 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 1024).toFixed(0)} KiB`;
}
