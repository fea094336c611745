import type { Command } from 'commander';
import type { ClipModel } from '../rfclip/clipModel.ts';
import { calibrateFiles } from '../rfclip/calibrateFiles.ts';
import { DEFAULT_SETTINGS, MAXIMUM_PIXELS } from '../rfclip/settings.ts';
import { makeConsole } from './console.ts';
import { addCheckpointFlags, addDeviceFlags, type DeviceFlags, MAX_MEGAPIXELS } from './modelFlags.ts';
import { expandImages } from './imageArguments.ts';
import { openDevice, openModel } from './sharedOptions.ts';
import { wholeNumber } from './parsers.ts';

interface CalibrateFlags extends DeviceFlags {
  checkpoint?: string;
  prefix?: string;
  activation?: 'quickGelu' | 'gelu';
  count: number;
  resize: number;
  maxMegapixels?: number;
  json?: boolean;
}

/** Adds `rfclip calibrate`. */
export function addCalibrateCommand(program: Command): void {
  const command = program
    .command('calibrate')
    .description("find a checkpoint's distraction dimensions over a set of images, by the paper's analysis")
    .argument('<image...>', 'a few dozen pictures of the kind to be segmented');
  addDeviceFlags(addCheckpointFlags(command))
    .option('--count <number>', 'how many dimensions', wholeNumber(1), 8)
    .option(
      '--resize <pixels>',
      'resize the short side to this before the network',
      wholeNumber(16, MAXIMUM_PIXELS),
      DEFAULT_SETTINGS.resize[1],
    )
    .option(...MAX_MEGAPIXELS)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (images: string[], flags: CalibrateFlags) => {
      process.exitCode = await run(images, flags);
    });
}

async function run(args: string[], flags: CalibrateFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const images = expandImages(args, { note: console.note });
  const device = await openDevice(flags);
  let opened: ClipModel | undefined;
  try {
    const model = (opened = await openModel(device, flags));
    const progress = console.progress('reading', images.length);
    const { dimensions, weights } = await calibrateFiles(model, images, {
      count: flags.count,
      resize: flags.resize,
      maxMegapixels: flags.maxMegapixels,
      onImage: (path) => progress.step(path),
      onNotice: (notice) => console.note(`note: ${notice}`),
    }).finally(progress.stop);
    for (const dimension of [...dimensions].sort((a, b) => weights[b] - weights[a]))
      console.result(
        `dimension ${String(dimension).padStart(4)}: ${weights[dimension].toFixed(3)} times the mean weight`,
      );
    console.result(`use them with --distraction-dimensions ${dimensions.join(',')}`);
    console.json({
      dimensions,
      weights: dimensions.map((dimension) => weights[dimension]),
      images: images.length,
      checkpoint: model.file.path,
      precision: device.products.precision,
    });
    return 0;
  } finally {
    opened?.close();
    device.destroy();
  }
}
