import Table from 'cli-table3';
import type { ClipModel } from '../rfclip/clipModel.ts';
import type { Command } from 'commander';
import { asPercent } from '../datasets/metrics.ts';
import { runAblationPlan } from '../evaluation/ablationRun.ts';
import { lockIn } from '../evaluation/outputFiles.ts';
import type { AblationOutcome } from '../evaluation/ablation.ts';
import { ablationFiles } from '../evaluation/results/ablationFiles.ts';
import { DEFAULT_SETTINGS, MAXIMUM_PIXELS } from '../rfclip/settings.ts';
import { counted } from '../system/counted.ts';
import { makeOutputFolder } from '../system/outputFolder.ts';
import { checkOutputs } from '../system/outputGate.ts';
import { RequestError } from '../system/requestError.ts';
import { ablationInput, type AblationInputFlags } from './ablateInput.ts';
import { makeConsole } from './console.ts';
import { addLayoutFlags, type LayoutFlags, layoutOf } from './eval/flags.ts';
import { exitCodeOfImages } from './failure.ts';
import {
  addCheckpointFlags,
  addDeviceFlags,
  type DeviceFlags,
  MAX_MEGAPIXELS,
  OVERWRITE,
  readMethod,
} from './modelFlags.ts';
import { wholeNumber } from './parsers.ts';
import { inputsOf, openDevice, openModel, usedDevice } from './sharedOptions.ts';
import { noteToy } from './toyNotes.ts';

interface AblateFlags extends AblationInputFlags, DeviceFlags, Omit<LayoutFlags, 'classes'> {
  classes?: string;
  checkpoint?: string;
  prefix?: string;
  activation?: 'quickGelu' | 'gelu';
  method?: string;
  out?: string;
  resume?: boolean;
  overwrite?: boolean;
  maxMegapixels?: number;
  json?: boolean;
}

/** Adds `rfclip ablate`. */
export function addAblateCommand(program: Command): void {
  const command = program
    .command('ablate')
    .description("the paper's ablation: which part of RF-CLIP does what, on a data set or over images")
    .argument(
      '[data set or image...]',
      'a data set as eval takes it, or images without labels, which are compared with the first row and need ' +
        '--classes or --classes-file (default: the sample set)',
    )
    .option('--data <folder>', 'where the data set lies; without its name, a folder in PASCAL VOC layout')
    .option('--out <folder>', 'keep a journal and write ablation.json, .csv and .md there')
    .option('--resume', 'go on with the ablation in the output folder, or start one')
    .option('--method <name>', 'also a method as the last row: a name, or ./FILE.mjs, a module with one of yours');
  addDeviceFlags(addLayoutFlags(addCheckpointFlags(command)))
    .option('--limit <count>', 'only the first images', wholeNumber(1))
    .option('--whole', 'take every image as one window')
    .option(
      '--resize <pixels>',
      `resize the short side to this before the network (default: ${DEFAULT_SETTINGS.resize[1]}; on benchmarks as ` +
        `published)`,
      wholeNumber(16, MAXIMUM_PIXELS),
    )
    .option('--no-image-semantics', 'on benchmarks: leave out the published image semantics')
    .option(...MAX_MEGAPIXELS)
    .option(...OVERWRITE)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (args: string[], flags: AblateFlags) => {
      process.exitCode = await ablate(args, flags);
    });
}

async function ablate(args: string[], flags: AblateFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const { out, resume, overwrite, maxMegapixels, ignoreExif } = flags;
  if (resume === true && out === undefined)
    throw new RequestError('--resume was given without --out, the folder of the ablation to go on with', '--resume');
  const choice = flags.method === undefined ? undefined : await readMethod(flags.method);
  if (choice === 'all')
    throw new RequestError('--method all cannot be a row of the ablation; expected one method', '--method');
  const input = ablationInput(args, flags, layoutOf(flags), console.note);
  const { dataSet, selection } = input;
  if (out !== undefined) {
    const { dataFolders } = input;
    const inputs = [...input.inputs, ...inputsOf(flags)];
    checkOutputs({ files: [...ablationFiles(out), ...lockIn(out)], inputs, dataFolders, overwrite });
    makeOutputFolder(out);
  }
  for (const notice of dataSet.classes.notices) console.note(`note: ${notice}`);
  const device = await openDevice(flags);
  let opened: ClipModel | undefined;
  try {
    const model = (opened = await openModel(device, flags));
    noteToy(
      model.noticesOf(dataSet.classes.queries),
      selection.pairs.map(({ image }) => image),
      console,
    );
    const {
      rows,
      failures,
      counted: done,
      files,
    } = await runAblationPlan(
      {
        ...input,
        compared: choice,
        ignoreExif,
        out,
        resume,
        limits: { maxMegapixels },
      },
      { model, reporter: console },
    );
    if (rows.length > 0) console.result(formatRows(rows));
    console.result(
      `${counted(done, 'image')}, ${counted(dataSet.classes.classes.length, 'class', 'classes')}, ` +
        `checkpoint ${model.file.path}, adapter ${device.name}, ${device.products.precision}; percent`,
    );
    if (rows.length > 0 && rows.every(({ agreement }) => agreement === 1)) {
      console.result(
        'No row changes a pixel: this checkpoint has no distraction token above 5/d in these images, so there is ' +
          'nothing to suppress.',
      );
    }
    if (files.length > 0) console.result(`written: ${files.join(', ')}`);
    console.json({
      rows: rows.map(({ name, mIoU, aAcc, agreement, milliseconds }) => ({
        name,
        mIoU,
        aAcc,
        agreement,
        milliseconds,
      })),
      images: selection.count,
      failures,
      checkpoint: model.file.path,
      ...usedDevice(device),
    });
    return exitCodeOfImages(failures.length, done);
  } finally {
    opened?.close();
    device.destroy();
  }
}

function formatRows(rows: readonly AblationOutcome[]): string {
  const labelled = rows.some(({ mIoU }) => mIoU !== undefined);
  const table = new Table({
    head: ['configuration', ...(labelled ? ['mIoU', 'aAcc'] : []), 'same as row 1', 'ms/image'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows)
    table.push([
      row.name,
      ...(labelled ? [asPercent(row.mIoU ?? null), asPercent(row.aAcc ?? null)] : []),
      asPercent(row.agreement),
      row.milliseconds.toFixed(0),
    ]);
  return table.toString();
}
