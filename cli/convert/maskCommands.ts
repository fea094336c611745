import type { Command } from 'commander';
import { convertMasks, MASK_NAMES } from '../../datasets/convert/convertMasks.ts';
import type { MaskConversion } from '../../datasets/convert/labelTables.ts';
import { makeConsole } from '../console.ts';
import { addConversionFlags, conversionMode, type ConversionFlags } from './flags.ts';
import { report } from './report.ts';

/** How a conversion of label maps is called and explained. */
interface MaskCommand {
  conversion: MaskConversion;
  description: string;
  example: string;
}

const COMMANDS: readonly MaskCommand[] = [
  {
    conversion: 'coco-object',
    description: 'label maps of COCO-Stuff 164k to those of COCO-Object: 80 things, all else background',
    example: 'rfclip convert coco-object annotations/val2017 -o annotations/val2017',
  },
  {
    conversion: 'coco-stuff',
    description: 'label maps of COCO-Stuff 164k to train ids 0 to 170',
    example: 'rfclip convert coco-stuff annotations/val2017 -o annotations/val2017',
  },
  {
    conversion: 'cityscapes',
    description: 'label maps of Cityscapes (labelIds) to train ids 0 to 18',
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
        .argument(
          '<folder>',
          `folder of the label maps, searched with its subfolders for names in ${MASK_NAMES[command.conversion].from}`,
        ),
    )
      .addHelpText(
        'after',
        `\nExample:\n  ${command.example}\nFiles that are there already are kept, so the command can be run again ` +
          `after an interruption.`,
      )
      .action(async (folder: string, flags: ConversionFlags) => {
        process.exitCode = await runCommand(command, folder, flags);
      });
  }
}

async function runCommand({ conversion }: MaskCommand, folder: string, flags: ConversionFlags): Promise<0 | 1 | 3> {
  const { out, threads, overwrite } = flags;
  const mode = conversionMode(flags);
  const console = makeConsole({ json: flags.json === true });
  const summary = await convertMasks(conversion, folder, out, { mode, overwrite, threads, reporter: console });
  return report(summary, mode, out, console);
}
