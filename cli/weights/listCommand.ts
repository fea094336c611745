import { existsSync } from 'node:fs';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { makeConsole } from '../console.ts';
import { KNOWN_CHECKPOINTS } from '../../weights/knownCheckpoints.ts';
import { pulledPath } from '../../weights/resolveCheckpoint.ts';
import { SHIPPED_CHECKPOINTS } from '../../weights/shippedCheckpoints.ts';

/** Adds `rfclip weights list`. */
export function addListCommand(weights: Command): void {
  weights
    .command('list')
    .description('the checkpoints that ship, those that can be pulled, and which are there')
    .option('--json', 'print one JSON document and nothing else')
    .action((flags: { json?: boolean }) => list(flags.json === true));
}

function list(json: boolean): void {
  const console = makeConsole({ json });
  const rows = KNOWN_CHECKPOINTS.map((known) => ({
    ...known,
    pulled: existsSync(pulledPath(known)) ? pulledPath(known) : undefined,
  }));
  const table = new Table({
    head: ['name', 'publisher', 'SHA-256', 'use', 'pulled'],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, use } of SHIPPED_CHECKPOINTS) table.push([name, 'rfclip', '', use, 'ships']);
  for (const row of rows)
    table.push([
      row.name,
      row.publisher,
      row.sha256 === undefined ? 'none published' : `${row.sha256.slice(0, 12)}...`,
      row.use,
      row.pulled ?? 'no',
    ]);
  console.result(table.toString());
  console.result('fetch one with "rfclip weights pull NAME", then name it: --checkpoint NAME');
  console.json({ checkpoints: rows, shipped: SHIPPED_CHECKPOINTS });
}
