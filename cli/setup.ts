import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { RfclipError } from '../engine/errors.ts';
import { readVulkanChoice } from '../engine/vulkanFallback.ts';
import { packageRoot } from '../system/packageRoot.ts';
import { makeConsole } from './console.ts';

/** `scripts/setup/adapter.mjs`, which also runs before anything is compiled. */
interface AdapterScript {
  ensureAdapter(root: string): Promise<string>;
}

/** `scripts/setup/report.mjs`. */
interface ReportScript {
  sayBy(write: (line: string) => void): void;
  SetupError: new () => Error & { fix?: string };
}

/** Adds `rfclip setup`. */
export function addSetupCommand(program: Command): void {
  program
    .command('setup')
    .description('look for a graphics adapter that computes right, and get a software driver where there is none')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText(
      'after',
      '\nEnvironment:\n  RFCLIP_NO_APT=1           install no system packages\n' +
        '  RFCLIP_CACHE_DIR          folder of all caches, into which a driver is fetched\n' +
        '  RFCLIP_PROBE_TIMEOUT_MS   how long an adapter may take to answer',
    )
    .action((flags: { json?: boolean }) => setUp(flags.json === true));
}

async function setUp(json: boolean): Promise<void> {
  const console = makeConsole({ json });
  const root = packageRoot();
  const { ensureAdapter } = (await load(root, 'adapter.mjs')) as AdapterScript;
  const { sayBy, SetupError } = (await load(root, 'report.mjs')) as ReportScript;
  if (!existsSync(join(root, 'dist', 'engine', 'vulkanFallback.js')))
    throw new RfclipError('the set-up looks for an adapter with what is in dist/, which is not built', {
      code: 'RFCLIP-SETUP',
      fix: 'run "npm run setup", which builds it',
    });
  sayBy(console.note);
  try {
    const adapter = await ensureAdapter(root);
    const { driver, loader, icd } = readVulkanChoice() ?? { driver: 'system', loader: null, icd: null };
    console.result(`ready (${adapter})`);
    console.json({ adapter, driver, loader, icd });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new RfclipError(error.message, { code: 'RFCLIP-SETUP', fix: error.fix, cause: error });
  }
}

function load(root: string, name: string): Promise<unknown> {
  return import(pathToFileURL(join(root, 'scripts', 'setup', name)).href);
}
