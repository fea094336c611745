import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isFile } from '../../system/fileKinds.ts';

/** What stands before the text that names another file: `import './a.mjs'`, `from './a.mjs'`, `import('./a.mjs')`. */
const RELATIVE_IMPORT = /\b(?:from|import)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]+)\1/g;

/**
 * SHA-256 of a module with the files of its own that it imports, however deep: those that are named by a text which
 * begins with `./` or `../`, in an `import` or an `export ... from`. Packages, files that are read, and imports of a
 * computed name do not count; one in a comment does, since this looks for words and parses nothing. Where the files lie
 * makes no difference, only how they lie to each other; a module without such imports has the hash of its file.
 *
 * @param path of the module's file
 * @returns 64 hexadecimal digits
 * @throws what reading one of the files throws; one that is not there is left out
 */
export function hashModule(path: string): string {
  // Node, too, resolves imports from where a file truly lies.
  const entry = realpathSync(path);
  const hashes = new Map<string, string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (hashes.has(file)) continue;
    const bytes = readFileSync(file);
    hashes.set(file, sha256(bytes));
    queue.push(...importsOf(bytes.toString('utf8'), file));
  }
  const own = hashes.get(entry)!;
  hashes.delete(entry);
  if (hashes.size === 0) return own;
  const lines = [...hashes].map(([file, hash]) => `${relative(dirname(entry), file).replaceAll('\\', '/')} ${hash}`);
  return sha256([own, ...lines.sort()].join('\n'));
}

/** The files that a module's text names, where there are such files. */
function importsOf(text: string, file: string): string[] {
  return [...text.matchAll(RELATIVE_IMPORT)].flatMap(([, , specifier]) => {
    try {
      const found = realpathSync(fileURLToPath(new URL(specifier, pathToFileURL(file))));
      return isFile(found) ? [found] : [];
    } catch {
      return [];
    }
  });
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
