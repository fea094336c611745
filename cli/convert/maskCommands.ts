import { join } from 'node:path';
import type { Command } from 'commander';
import type { MaskConversion } from '../../datasets/convert/labelTables.ts';
import { DatasetError } from '../../datasets/datasetError.ts';
import { isFolder } from '../../system/fileKinds.ts';
import { findFiles } from '../../datasets/findFiles.ts';
import { makeConsole } from '../console.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { addConversionFlags, conversionMode, type ConversionFlags } from './flags.ts';
import { report } from './report.ts';
import { runTasks } from '../../datasets/convert/runTasks.ts';

/** How a conversion of label maps names its files. */
interface MaskCommand {
  conversion: MaskConversion;
  description: string;
  /** End of the input's names. */
  from: string;
  /** End of the output's names. */
  to: string;
  example: string;
}

/**
 * Ends of names that conversions write; such files are never input, so a folder can be converted in place and again.
 */
const OUTPUT_ENDS = ['_instanceTrainIds.png', '_labelTrainIds.png'];

const COMMANDS: readonly MaskCommand[] = [
  {
    conversion: 'coco-object',
    description: 'label maps of COCO-Stuff 164k to those of COCO-Object: 80 things, all else background',
    from: '.png',
    to: '_instanceTrainIds.png',
    example: 'rfclip convert coco-object annotations/val2017 -o annotations/val2017',
  },
  {
    conversion: 'coco-stuff',
    description: 'label maps of COCO-Stuff 164k to train ids 0 to 170',
    from: '.png',
    to: '_labelTrainIds.png',
    example: 'rfclip convert coco-stuff annotations/val2017 -o annotations/val2017',
  },
  {
    conversion: 'cityscapes',
    description: 'label maps of Cityscapes (labelIds) to train ids 0 to 18',
    from: '_labelIds.png',
    to: '_labelTrainIds.png',
    example: 'rfclip convert cityscapes gtFine/val -o gtFine/val',
  },
];

/** Adds the conversions that rename labels file by file. */
export function addMaskCommands(convert: Command): void {
  for (const command of COMMANDS) {
    addConversionFlags(
      convert
        .command(command.conversion)
        .description(command.description)
        .argument('<folder>', `folder of the label maps, searched with its subfolders for names in ${command.from}`),
    )
      .addHelpText(
        'after',
        `\nExample:\n  ${command.example}\nFiles that are there already are kept, so the command can be run again ` +
          `after an interruption.`,
      )
      .action(async (folder: string, flags: ConversionFlags) => {
        process.exitCode = await convertMasks(command, folder, flags);
      });
  }
}

async function convertMasks(
  { conversion, from, to }: MaskCommand,
  folder: string,
  flags: ConversionFlags,
): Promise<0 | 1> {
  const mode = conversionMode(flags);
  if (!isFolder(folder)) throw new DatasetError(`the input folder ${folder} does not exist or is not a folder`, folder);
  const sources = findFiles(folder, (name) => name.endsWith(from) && !OUTPUT_ENDS.some((end) => name.endsWith(end)));
  if (sources.length === 0)
    throw new DatasetError(`${folder} has no label maps for ${conversion}; expected names that end in ${from}`, folder);
  if (mode !== 'check') makeOutputFolder(flags.out);
  const tasks = sources.map((path) => ({
    kind: 'mask' as const,
    conversion,
    source: join(folder, path),
    target: join(flags.out, path.slice(0, -from.length) + to),
  }));
  const console = makeConsole({ json: flags.json === true });
  return report(await runTasks(tasks, mode, { threads: flags.threads, reporter: console }), mode, flags.out, console);
}
