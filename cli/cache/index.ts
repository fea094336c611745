import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { Argument, type Command } from 'commander';
import { cacheRoot } from '../../clip/textFeatureCache.ts';
import { counted } from '../../system/counted.ts';
import { RequestError } from '../../system/requestError.ts';
import { makeConsole } from '../console.ts';
import { type CacheContent, clearCache, readCache } from './cacheFiles.ts';
import { CACHE_KINDS } from './cacheKinds.ts';

/** Adds `rfclip cache` and its subcommands. */
export function addCacheCommand(program: Command): void {
  const cache = program.command('cache').description('what is kept between runs, where, and how large it is');
  cache
    .command('show', { isDefault: true })
    .description('where each cache is, how many files it has, and how large they are; what "cache" alone does')
    .option('--json', 'print one JSON document and nothing else')
    .allowExcessArguments()
    .action((flags: { json?: boolean }, { args: [strange] }: Command) => {
      const names = cache.commands.map((command) => command.name());
      if (strange !== undefined)
        throw new RequestError(`there is no command cache ${strange}, expected one of ${names.join(', ')}`, strange);
      show(flags.json === true);
    });
  cache
    .command('clear')
    .description('remove what rfclip keeps between runs, or some of it; other files stay')
    .addArgument(new Argument('[name...]', 'what to remove; default all').choices(CACHE_KINDS.map(({ name }) => name)))
    .option('--json', 'print one JSON document and nothing else')
    .action((names: string[], flags: { json?: boolean }) => clear(names, flags.json === true));
}

function show(json: boolean): void {
  const console = makeConsole({ json });
  const root = cacheRoot();
  const { contents, others } = readCache(root);
  const table = new Table({
    head: ['name', 'what', 'files', 'size', 'folder'],
    colAligns: ['left', 'left', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const { kind, files, bytes } of contents)
    table.push([kind.name, kind.what, files.length, formatSize(bytes), join(root, kind.folder)]);
  console.result(table.toString());
  for (const { kind } of contents)
    if (isLink(join(root, kind.folder)) && kind.folder !== '.')
      console.result(`${join(root, kind.folder)} is a link: what it leads to is neither counted nor removed`);
  if (others > 0)
    console.result(`besides, ${root} has ${counted(others, 'file')} that rfclip did not make, which stay`);
  console.result('"rfclip cache clear NAME" removes one, RFCLIP_CACHE_DIR moves them all');
  console.json({ folder: root, caches: contents.map((content) => describe(root, content)), otherFiles: others });
}

async function clear(names: readonly string[], json: boolean): Promise<void> {
  const console = makeConsole({ json });
  const root = cacheRoot();
  const kinds = CACHE_KINDS.filter(({ name }) => names.length === 0 || names.includes(name));
  const cleared = await clearCache(root, kinds, console.note);
  for (const { kind, files, bytes } of cleared) {
    const freed = `${counted(files.length, 'file')}, ${formatSize(bytes)} freed`;
    console.result(`${kind.name}: ${files.length === 0 ? 'nothing to remove' : freed}`);
  }
  console.json({
    folder: root,
    cleared: cleared.map((content) => describe(root, content)),
    freedBytes: cleared.reduce((sum, { bytes }) => sum + bytes, 0),
  });
}

function describe(root: string, { kind, files, bytes }: CacheContent) {
  return { name: kind.name, folder: join(root, kind.folder), files: files.length, bytes };
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
