import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { mergeResults } from '../../evaluation/results/merge.ts';
import { isFile, isFolder } from '../../system/fileKinds.ts';
import { makeConsole } from '../console.ts';
import { UsageError } from '../failure.ts';
import { makeOutputFolder } from '../../system/outputFolder.ts';
import { gatherThumbnails } from '../../evaluation/pictures/gallery.ts';
import { readResultFile, writeResultFiles } from '../../evaluation/results/resultFiles.ts';
import { formatResult } from './tables.ts';

interface MergeFlags {
  out: string;
  allowPartial?: boolean;
  json?: boolean;
}

/** Adds `rfclip merge`. */
export function addMergeCommand(program: Command): void {
  program
    .command('merge')
    .description('add up the results of the shards of an evaluation')
    .argument('<result...>', 'result.json files of rfclip eval, or folders that hold one')
    .requiredOption('--out <folder>', 'where the merged result goes')
    .option('--allow-partial', 'add up what is there although shards are missing')
    .option('--json', 'print one JSON document and nothing else')
    .action(async (names: string[], flags: MergeFlags) => {
      process.exitCode = await merge(names, flags);
    });
}

async function merge(names: string[], flags: MergeFlags): Promise<number> {
  const console = makeConsole({ json: flags.json === true });
  const parts = names.map((name) => ({
    name,
    folder: isFolder(name) ? name : dirname(name),
    result: readResultFile(name),
  }));
  checkOut(flags.out, parts);
  const merged = mergeResults(parts, { allowPartial: flags.allowPartial });
  makeOutputFolder(flags.out);
  const extremes = await gatherThumbnails(
    merged.extremes,
    parts.map(({ folder, result: { extremes } }) => ({ folder, extremes })),
    flags.out,
  );
  const result = { ...merged, extremes };
  await writeResultFiles(flags.out, result);
  console.result(formatResult(result));
  if (result.failures.length > 0)
    console.failure(
      `${result.failures.length} of ${result.images.selected} images were not evaluated and are not in the numbers ` +
        `above`,
    );
  console.result(`results: ${flags.out}`);
  console.json({ results: [result] });
  return result.failures.length > 0 ? 1 : 0;
}

/**
 * A merged result in the place of a part would be lost as a part, and in a run folder the next --resume would replace
 * it.
 * @throws UsageError if the folder is one of these
 */
export function checkOut(out: string, parts: readonly { name: string; folder: string }[]): void {
  const place = realPath(out);
  const part = parts.find(({ folder }) => realPath(folder) === place);
  if (part !== undefined)
    throw new UsageError(
      `the merged result cannot go to ${out}, because it would replace ${part.name}, which is merged`,
      '--out',
      'choose another folder',
    );
  if (isFile(join(out, 'manifest.json')))
    throw new UsageError(
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
