import { type Command, Option } from 'commander';
import { formatCaseLine, formatSummary, runConformance } from '../conformance/index.ts';
import { MATMUL_KERNELS, type MatmulKernelName } from '../engine/ops/matmulKernels.ts';
import { makeConsole } from './console.ts';
import { addDeviceFlags, type DeviceFlags } from './modelFlags.ts';
import { openDevice, usedDevice } from './sharedOptions.ts';

interface ConformanceFlags extends DeviceFlags {
  only?: string;
  matmul?: MatmulKernelName;
  json?: boolean;
}

/** Adds `rfclip conformance`. */
export function addConformanceCommand(program: Command): void {
  const command = program
    .command('conformance')
    .description('run every recorded case of a folder of reference vectors on this adapter')
    .argument('<folder>', 'laid out like the reference: sub-folders with a manifest.json each')
    .option('--only <text>', 'run only cases whose name contains this')
    .addOption(
      new Option(
        '--matmul <kernel>',
        'compute all f32 products with this kernel (default: the one that suits)',
      ).choices([...MATMUL_KERNELS]),
    );
  addDeviceFlags(command, 'f32')
    .option('--json', 'print one JSON document and nothing else')
    .action(async (directory: string, flags: ConformanceFlags) => {
      process.exitCode = await conformance(directory, flags);
    });
}

async function conformance(directory: string, flags: ConformanceFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const device = await openDevice(flags);
  try {
    const kernel = flags.matmul === undefined ? '' : `, matmul kernel ${flags.matmul}`;
    console.note(`adapter ${device.name}, ${device.products.precision}${kernel}`);
    const summary = await runConformance({
      directory,
      device,
      only: flags.only,
      matmul: flags.matmul,
      report: (result) => console.result(formatCaseLine(result)),
    });
    console.result(formatSummary(summary));
    console.json({
      ...usedDevice(device),
      ...(flags.matmul === undefined ? {} : { matmul: flags.matmul }),
      ...summary,
    });
    return summary.failed > 0 ? 1 : 0;
  } finally {
    device.destroy();
  }
}
