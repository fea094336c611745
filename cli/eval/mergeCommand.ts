import type { Command } from 'commander';
import { mergeFolders } from '../../evaluation/results/mergeFolders.ts';
import { makeConsole } from '../console.ts';
import { OVERWRITE } from '../modelFlags.ts';
import { formatResult } from './tables.ts';
import { exitCodeOfImages } from '../failure.ts';

interface MergeFlags {
  out: string;
  allowPartial?: boolean;
  overwrite?: boolean;
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
    .option(...OVERWRITE)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (names: string[], flags: MergeFlags) => {
      process.exitCode = await merge(names, flags);
    });
}

async function merge(names: string[], { out, allowPartial, overwrite, json }: MergeFlags): Promise<number> {
  const console = makeConsole({ json: json === true });
  const result = await mergeFolders(names, out, { allowPartial, overwrite });
  console.result(formatResult(result));
  if (result.failures.length > 0)
    console.failure(
      `${result.failures.length} of ${result.images.selected} images were not evaluated and are not in the numbers ` +
        `above`,
    );
  console.result(`results: ${out}`);
  console.json({ results: [result] });
  return exitCodeOfImages(result.failures.length, result.images.counted);
}
