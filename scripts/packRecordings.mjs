// Packs a folder of recordings into the zip archive that a page runs: node scripts/packRecordings.mjs FOLDER FILE.zip
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zipSync } from 'fflate';

/** The recordings that the repository has. */
const SHIPPED_RECORDINGS = fileURLToPath(new URL('../test/fixtures/reference', import.meta.url));

/** The oldest that a zip archive can say, so that the same folder gives the same bytes. */
const MTIME = new Date(1980, 0, 1);

/**
 * All files of the sub-folders of a folder of recordings, as a zip archive.
 * @param {string} [folder]
 * @returns {Uint8Array}
 */
export function packRecordings(folder = SHIPPED_RECORDINGS) {
  const inFolders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const paths = inFolders.flatMap(({ name }) =>
    readdirSync(join(folder, name), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${name}/${entry.name}`),
  );
  return zipSync(Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(folder, path))])), {
    mtime: MTIME,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, file] = process.argv.slice(2);
  if (file === undefined) {
    console.error('node scripts/packRecordings.mjs FOLDER FILE.zip');
    process.exitCode = 2;
  } else {
    const archive = packRecordings(folder);
    writeFileSync(file, archive);
    console.log(`${file}: ${archive.length} bytes`);
  }
}
