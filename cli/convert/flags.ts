import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { wholeNumber } from '../parsers.ts';
import { OVERWRITE } from '../modelFlags.ts';
import type { ConversionMode } from '../../datasets/convert/task.ts';

/** Flags that all conversions have. */
export interface ConversionFlags {
  out: string;
  threads: number;
  force?: boolean;
  check?: boolean;
  overwrite?: boolean;
  json?: boolean;
}

/** Adds them to a command. */
export function addConversionFlags(command: Command): Command {
  return command
    .requiredOption('-o, --out <folder>', 'where the label maps go; may be the folder of the input')
    .option('--threads <count>', 'worker threads', wholeNumber(1), Math.min(availableParallelism(), 8))
    .option('--force', 'write files again that are there')
    .option(...OVERWRITE)
    .option('--check', 'write nothing; compare what is there with what would be written')
    .option('--json', 'print one JSON document and nothing else');
}

/** What the flags ask for. */
export function conversionMode(flags: ConversionFlags): ConversionMode {
  return flags.check === true ? 'check' : flags.force === true ? 'force' : 'convert';
}
