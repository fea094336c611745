import type { Command } from 'commander';
import { type ContextSplit, convertContext } from '../../datasets/convert/convertContext.ts';
import { makeConsole } from '../console.ts';
import { addConversionFlags, conversionMode, type ConversionFlags } from './flags.ts';
import { report } from './report.ts';

/** Adds `rfclip convert pascal-context`. */
export function addContextCommand(convert: Command): void {
  addConversionFlags(
    convert
      .command('pascal-context')
      .description(
        'annotations of PASCAL in Detail (trainval_merged.json) to label maps of 59 classes, and the split files',
      )
      .argument('<annotations>', 'trainval_merged.json'),
  )
    .option('--split <name>', 'only the images of this split: train or val')
    .addHelpText(
      'after',
      '\nExample:\n  rfclip convert pascal-context trainval_merged.json -o VOCdevkit/VOC2010\nWrites ' +
        'SegmentationClassContext/ID.png and ImageSets/SegmentationContext/SPLIT.txt below the output folder.',
    )
    .action(async (annotations: string, flags: ConversionFlags & { split?: string }, command: Command) => {
      const { split } = flags;
      if (split !== undefined && split !== 'train' && split !== 'val')
        command.error(`error: option '--split <name>' argument '${split}' is invalid. Expected train or val.`);
      process.exitCode = await runCommand(annotations, { ...flags, split });
    });
}

async function runCommand(annotations: string, flags: ConversionFlags & { split?: ContextSplit }): Promise<0 | 1 | 3> {
  const { out, threads, split, overwrite } = flags;
  const mode = conversionMode(flags);
  const console = makeConsole({ json: flags.json === true });
  const summary = await convertContext(annotations, out, { split, mode, overwrite, threads, reporter: console });
  return report(summary, mode, out, console);
}
