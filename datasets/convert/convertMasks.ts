import { join } from 'node:path';
import { isFolder } from '../../system/fileKinds.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { DatasetError } from '../datasetError.ts';
import { findFiles } from '../findFiles.ts';
import type { MaskConversion } from './labelTables.ts';
import { type ConversionOptions, type ConversionSummary, runTasks } from './runTasks.ts';

/** Ends of the names of input and output, by conversion. */
export const MASK_NAMES: Readonly<Record<MaskConversion, { from: string; to: string }>> = {
  'coco-object': { from: '.png', to: '_instanceTrainIds.png' },
  'coco-stuff': { from: '.png', to: '_labelTrainIds.png' },
  cityscapes: { from: '_labelIds.png', to: '_labelTrainIds.png' },
};

/** Files with such names are never input, so a folder can be converted in place and again. */
const OUTPUT_ENDS = Object.values(MASK_NAMES).map(({ to }) => to);

/**
 * Renames the labels of all label maps of a folder and its subfolders, file by file, as `runTasks` does it.
 *
 * @param folder searched with its subfolders for names that end as `MASK_NAMES` says
 * @param out gets the new files under the same subfolders; may be `folder`
 * @throws DatasetError if the folder is missing or has no such file; RfclipError if `out` cannot be used
 */
export async function convertMasks(
  conversion: MaskConversion,
  folder: string,
  out: string,
  options: ConversionOptions,
): Promise<ConversionSummary> {
  const { from, to } = MASK_NAMES[conversion];
  if (!isFolder(folder)) throw new DatasetError(`the input folder ${folder} does not exist or is not a folder`, folder);
  const sources = findFiles(folder, (name) => name.endsWith(from) && !OUTPUT_ENDS.some((end) => name.endsWith(end)));
  if (sources.length === 0)
    throw new DatasetError(`${folder} has no label maps for ${conversion}; expected names that end in ${from}`, folder);
  if (options.mode !== 'check') makeOutputFolder(out);
  const tasks = sources.map((path) => ({
    kind: 'mask' as const,
    conversion,
    source: join(folder, path),
    target: join(out, path.slice(0, -from.length) + to),
  }));
  return runTasks(tasks, options);
}
