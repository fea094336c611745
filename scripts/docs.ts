/**
 * Writes the tables of the documentation that repeat code: `npm run docs`. A page holds a table between
 * `<!-- generated: NAME -->` and `<!-- end -->`. With `--stdout NAME` one table is printed and nothing is written.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillTables, pages, readPage, ROOT } from './docs/pages.ts';
import { table, TABLE_NAMES } from './docs/tables.ts';

const [flag, name] = process.argv.slice(2);
if (flag === undefined) {
  for (const page of pages()) {
    const before = readPage(page);
    const after = fillTables(before, page);
    if (after === before) continue;
    writeFileSync(join(ROOT, page), after);
    console.log(`written: ${page}`);
  }
} else if (flag === '--stdout' && TABLE_NAMES.includes(name)) {
  console.log(table(name));
} else {
  console.error(`usage: npm run docs [-- --stdout NAME], where NAME is one of ${TABLE_NAMES.join(', ')}`);
  process.exitCode = 2;
}
