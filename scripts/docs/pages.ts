import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table, TABLE_NAMES } from './tables.ts';

/** The checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Folders without pages of the project. */
const ELSEWHERE = /^(\..*|node_modules|dist|dist-web|out|fixtures)$/;

/** Paths of all Markdown files, from the root, with slashes, sorted. */
export function pages(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return ELSEWHERE.test(entry.name) ? [] : pages(path);
      return entry.name.endsWith('.md') ? [path] : [];
    })
    .sort();
}

/** Text of a page. */
export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/**
 * A page's text with its tables as the code has them now.
 * @throws Error for a table that nobody makes, or one without an end
 */
export function fillTables(text: string, page: string): string {
  return text.replace(
    /^<!-- generated: (.*) -->\n(?:((?:(?!<!-- generated: ).*\n)*?)<!-- end -->$)?/gm,
    (_, name: string, content: string | undefined) => {
      if (!TABLE_NAMES.includes(name)) throw new Error(`${page} wants the table ${name}, which nobody makes`);
      if (content === undefined) throw new Error(`${page}: the table ${name} has no <!-- end -->`);
      return `<!-- generated: ${name} -->\n\n${table(name)}\n\n<!-- end -->`;
    },
  );
}
