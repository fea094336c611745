import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What installs a software driver: the script of a checkout, or the command of the installed package. */
export function setupCommand(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json')) && dirname(folder) !== folder) folder = dirname(folder);
  return existsSync(join(folder, 'scripts', 'setup.mjs')) ? 'npm run setup' : 'rfclip setup';
}
