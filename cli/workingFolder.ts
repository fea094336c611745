import { realpathSync } from 'node:fs';

/** Scripts of our package.json by which people call a command. */
const SCRIPTS = ['rfclip', 'demo', 'dev'];

/**
 * Goes to the folder in which a person typed `npm run rfclip -- ...`, so that paths mean what they meant there: npm
 * runs scripts in the package's root, and says where it was called in INIT_CWD. Does nothing where npm did not start
 * this process in our package, or that folder cannot be entered any more.
 */
export function standWhereThePersonStands(
  { INIT_CWD: there, npm_lifecycle_event: script = '' }: Readonly<Record<string, string | undefined>>,
  root: string,
): void {
  if (there === undefined || there === '' || !SCRIPTS.includes(script)) return;
  try {
    if (realpathSync(process.cwd()) === realpathSync(root)) process.chdir(there);
  } catch {
    return;
  }
}
