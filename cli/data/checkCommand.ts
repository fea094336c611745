import type { Command } from 'commander';
import { describeFetch } from '../../datasets/benchmarks/index.ts';
import { checkDataSet } from '../../datasets/checkDataSet.ts';
import { DATA_SET_NAMES, type DataSet, dataSetName, openDataSet } from '../../datasets/dataSet.ts';
import { makeConsole } from '../console.ts';
import { MAX_MEGAPIXELS } from '../modelFlags.ts';
import { counted } from '../../system/counted.ts';
import { RequestError } from '../../system/requestError.ts';

interface CheckFlags {
  data?: string;
  deep?: boolean;
  maxMegapixels?: number;
  json?: boolean;
}

/** Names that are shown of a longer list; `--json` has all. */
const SHOWN = 5;

/** Adds `rfclip data check`. */
export function addCheckCommand(data: Command): void {
  data
    .command('check')
    .description('what of a data set is there, what is missing, and how to get it; exit code 0 if it is complete')
    .argument('<name>', DATA_SET_NAMES.join(', '))
    .option('--data <folder>', 'the folder it lies in (not needed for sample)')
    .option('--deep', 'also look into every file: damage, truncation, label maps of another size')
    .option(...MAX_MEGAPIXELS)
    .option('--json', 'print one JSON document and nothing else')
    .action(async (name: string, flags: CheckFlags) => {
      process.exitCode = await check(name, flags);
    });
}

async function check(name: string, flags: CheckFlags): Promise<0 | 1> {
  const known = dataSetName(name);
  if (known === undefined)
    throw new RequestError(`there is no data set ${name}, expected one of ${DATA_SET_NAMES.join(', ')}`, name);
  if (flags.data === undefined && known !== 'sample')
    throw new RequestError(`data check ${known} needs --data, the folder the data set lies in`, '--data');
  const console = makeConsole({ json: flags.json === true });
  const dataSet = openDataSet(known, flags.data, { allowNone: true });
  for (const notice of dataSet.classes.notices) console.note(`note: ${notice}`);
  const { complete, unreadable } = await checkDataSet(dataSet, {
    deep: flags.deep === true,
    reporter: console,
    maxMegapixels: flags.maxMegapixels,
  });
  describe(dataSet, unreadable).forEach(console.result);
  if (!complete && dataSet.benchmark !== undefined)
    console.note(`how ${describeFetch(dataSet.benchmark, flags.data!)}`);
  const { title, root, pairs, missing, expectedPairs } = dataSet;
  console.json({
    name: known,
    title,
    root,
    complete,
    classes: dataSet.classes.classes.length,
    pairs: pairs.length,
    expectedPairs,
    ids: pairs.map(({ id }) => id),
    missing,
    unreadable,
  });
  return complete ? 0 : 1;
}

function describe(
  { name, title, classes, root, pairs, missing, expectedPairs }: DataSet,
  unreadable: readonly string[] | undefined,
): string[] {
  const lines = [
    `data set    ${title} (${name}), ${counted(classes.classes.length, 'class', 'classes')}`,
    `found in    ${root}`,
    `pairs       ${pairs.length}${expectedPairs === undefined ? '' : ` of ${expectedPairs}`}`,
  ];
  if (pairs.length > 0)
    lines.push(
      `first       ${shorten(
        pairs.map(({ id }) => id),
        ', ',
      )}`,
    );
  lines.push(
    `missing     ${missing.length === 0 ? 'none of the files' : counted(missing.length, 'file')}${
      missing.length === 0
        ? ''
        : `\n  ${shorten(
            missing.map(({ path }) => path),
            '\n  ',
          )}`
    }`,
  );
  if (unreadable !== undefined)
    lines.push(
      unreadable.length === 0
        ? 'unreadable  none of the files'
        : `unreadable  ${counted(unreadable.length, 'problem')}\n  ${shorten(unreadable, '\n  ')}`,
    );
  return lines;
}

function shorten(items: readonly string[], separator: string): string {
  const rest = items.length > SHOWN ? [`... and ${items.length - SHOWN} more`] : [];
  return [...items.slice(0, SHOWN), ...rest].join(separator);
}
