import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isFile, isFolder } from '../../system/fileKinds.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { checkOutputs } from '../../system/outputGate.ts';
import { gatherThumbnails } from '../pictures/gallery.ts';
import { RequestError } from '../../system/requestError.ts';
import { mergeResults } from './merge.ts';
import type { EvaluationResult } from './result.ts';
import { readResultFile, resultFiles, writeResultFiles } from './resultFiles.ts';

/**
 * Adds up the results of shards, as `mergeResults` does, and writes the sum with the thumbnails of its worst and best
 * images.
 *
 * @param names of `result.json` files, or of folders that hold one
 * @param out folder of the merged result; is made
 * @param options.allowPartial add up what is there although shards are missing
 * @param options.overwrite also replace files that rfclip did not make
 * @throws RequestError if `out` is the folder of a part or of a run; EvaluationError as `mergeResults`, or for a file
 *   that is no result; OverwriteError for a file that would be lost; RfclipError if `out` cannot be used; OutputError
 */
export async function mergeFolders(
  names: readonly string[],
  out: string,
  options: { allowPartial?: boolean; overwrite?: boolean } = {},
): Promise<EvaluationResult> {
  const parts = names.map((name) => ({
    name,
    folder: isFolder(name) ? name : dirname(name),
    result: readResultFile(name),
  }));
  checkOut(out, parts);
  const merged = mergeResults(parts, options);
  checkOutputs({
    files: resultFiles(out),
    inputs: parts.map(({ folder }) => join(folder, 'result.json')),
    overwrite: options.overwrite,
  });
  makeOutputFolder(out);
  const extremes = await gatherThumbnails(
    merged.extremes,
    parts.map(({ folder, result }) => ({ folder, extremes: result.extremes })),
    out,
  );
  const result = { ...merged, extremes };
  await writeResultFiles(out, result);
  return result;
}

/**
 * A merged result in the place of a part would be lost as a part, and in a run folder the next --resume would replace
 * it.
 */
function checkOut(out: string, parts: readonly { name: string; folder: string }[]): void {
  const place = realPath(out);
  const part = parts.find(({ folder }) => realPath(folder) === place);
  if (part !== undefined)
    throw new RequestError(
      `the merged result cannot go to ${out}, because it would replace ${part.name}, which is merged`,
      '--out',
      'choose another folder',
    );
  if (isFile(join(out, 'manifest.json')))
    throw new RequestError(
      `the merged result cannot go to ${out}, because that is the folder of a run (it holds a manifest.json)`,
      '--out',
      'choose another folder',
    );
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
