import type { Command } from 'commander';
import { formatCaseLine, formatSummary, runConformance } from '../conformance/index.ts';
import { makeConsole } from './console.ts';
import { addDeviceFlags, type DeviceFlags } from './modelFlags.ts';
import { openDevice, usedDevice } from './sharedOptions.ts';

interface ConformanceFlags extends DeviceFlags {
  only?: string;
  json?: boolean;
}

/** Adds `rfclip conformance`. */
export function addConformanceCommand(program: Command): void {
  const command = program
    .command('conformance')
    .description('run every recorded case of a folder of reference vectors on this adapter')
    .argument('<folder>', 'laid out like the reference: sub-folders with a manifest.json each')
    .option('--only <text>', 'run only cases whose name contains this');
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
    console.note(`adapter ${device.name}, ${device.products.precision}`);
    const summary = await runConformance({
      directory,
      device,
      only: flags.only,
      report: (result) => console.result(formatCaseLine(result)),
    });
    console.result(formatSummary(summary));
    console.json({ ...usedDevice(device), ...summary });
    return summary.failed > 0 ? 1 : 0;
  } finally {
    device.destroy();
  }
}
